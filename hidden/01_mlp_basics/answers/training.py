"""Assignment 01, exercises on training and measuring."""

from autograder.checking import Alternative, Mistake

TRAIN_EPOCH = [
    Mistake(
        "train_epoch",
        "no_zero_grad",
        "epoch_takes_one_step_per_batch",
        """
def train_epoch(model, loader, optimizer, loss_fn, penalty=None):
    model.train()
    total, seen = 0.0, 0
    for images, labels in loader:
        loss = loss_fn(model(images), labels)
        (loss if penalty is None else loss + penalty(model)).backward()
        optimizer.step()
        total += loss.item() * len(images)
        seen += len(images)
    return total / seen
""",
        tells="The gradients are never cleared: they add up from batch to batch.",
    ),
    Mistake(
        "train_epoch",
        "no_step",
        ("epoch_takes_one_step_per_batch", "epoch_minimises_the_penalty_too"),
        """
def train_epoch(model, loader, optimizer, loss_fn, penalty=None):
    model.train()
    total, seen = 0.0, 0
    for images, labels in loader:
        optimizer.zero_grad()
        loss = loss_fn(model(images), labels)
        (loss if penalty is None else loss + penalty(model)).backward()
        total += loss.item() * len(images)
        seen += len(images)
    return total / seen
""",
        tells=(
            "No weight changes: the step is missing, or the gradients are cleared right before it."
        ),
    ),
    Mistake(
        "train_epoch",
        "one_step_per_epoch",
        "epoch_takes_one_step_per_batch",
        """
def train_epoch(model, loader, optimizer, loss_fn, penalty=None):
    model.train()
    total, seen = 0.0, 0
    optimizer.zero_grad()
    for images, labels in loader:
        loss = loss_fn(model(images), labels)
        (loss if penalty is None else loss + penalty(model)).backward()
        total += loss.item() * len(images)
        seen += len(images)
    optimizer.step()
    return total / seen
""",
        tells="There is one step per epoch, not one per batch.",
    ),
    Mistake(
        "train_epoch",
        "gradients_zeroed_before_the_step",
        ("epoch_takes_one_step_per_batch", "epoch_minimises_the_penalty_too"),
        """
def train_epoch(model, loader, optimizer, loss_fn, penalty=None):
    model.train()
    total, seen = 0.0, 0
    for images, labels in loader:
        loss = loss_fn(model(images), labels)
        (loss if penalty is None else loss + penalty(model)).backward()
        optimizer.zero_grad()
        optimizer.step()
        total += loss.item() * len(images)
        seen += len(images)
    return total / seen
""",
        tells=(
            "No weight changes: the step is missing, or the gradients are cleared right before it."
        ),
    ),
    Mistake(
        "train_epoch",
        "mean_of_batch_means",
        "epoch_returns_the_mean_per_sample",
        """
def train_epoch(model, loader, optimizer, loss_fn, penalty=None):
    model.train()
    losses = []
    for images, labels in loader:
        optimizer.zero_grad()
        loss = loss_fn(model(images), labels)
        (loss if penalty is None else loss + penalty(model)).backward()
        optimizer.step()
        losses.append(loss.item())
    return sum(losses) / len(losses)
""",
        tells="The result is the mean of the batches' means: a small last batch counts too much.",
    ),
    Mistake(
        "train_epoch",
        "first_batch_size_for_all",
        "epoch_returns_the_mean_per_sample",
        """
def train_epoch(model, loader, optimizer, loss_fn, penalty=None):
    model.train()
    total, seen, size = 0.0, 0, None
    for images, labels in loader:
        size = size or len(images)
        optimizer.zero_grad()
        loss = loss_fn(model(images), labels)
        (loss if penalty is None else loss + penalty(model)).backward()
        optimizer.step()
        total += loss.item() * size
        seen += len(images)
    return total / seen
""",
        tells="Every batch is weighted by the size of the first one.",
    ),
    Mistake(
        "train_epoch",
        "loss_after_the_epoch",
        ("epoch_returns_the_mean_per_sample", "epoch_runs_in_training_mode"),
        """
def train_epoch(model, loader, optimizer, loss_fn, penalty=None):
    model.train()
    kept = []
    for images, labels in loader:
        optimizer.zero_grad()
        loss = loss_fn(model(images), labels)
        (loss if penalty is None else loss + penalty(model)).backward()
        optimizer.step()
        kept.append((images, labels))
    with torch.no_grad():
        total = sum(loss_fn(model(x), y).item() * len(x) for x, y in kept)
    return total / sum(len(x) for x, _ in kept)
""",
        tells="The loss is measured after the epoch, not while training.",
    ),
    Mistake(
        "train_epoch",
        "graph_kept",
        "epoch_returns_a_plain_float",
        """
def train_epoch(model, loader, optimizer, loss_fn, penalty=None):
    model.train()
    total, seen = 0.0, 0
    for images, labels in loader:
        optimizer.zero_grad()
        loss = loss_fn(model(images), labels)
        (loss if penalty is None else loss + penalty(model)).backward()
        optimizer.step()
        total = total + loss * len(images)
        seen += len(images)
    return total / seen
""",
        tells="The sum of losses keeps every batch's graph and is not a plain number.",
    ),
    Mistake(
        "train_epoch",
        "penalty_ignored",
        "epoch_minimises_the_penalty_too",
        """
def train_epoch(model, loader, optimizer, loss_fn, penalty=None):
    model.train()
    total, seen = 0.0, 0
    for images, labels in loader:
        optimizer.zero_grad()
        loss = loss_fn(model(images), labels)
        loss.backward()
        optimizer.step()
        total += loss.item() * len(images)
        seen += len(images)
    return total / seen
""",
        tells="`penalty` makes no difference.",
    ),
    Mistake(
        "train_epoch",
        "penalty_in_the_returned_loss",
        "epoch_reports_without_the_penalty",
        """
def train_epoch(model, loader, optimizer, loss_fn, penalty=None):
    model.train()
    total, seen = 0.0, 0
    for images, labels in loader:
        optimizer.zero_grad()
        loss = loss_fn(model(images), labels)
        if penalty is not None:
            loss = loss + penalty(model)
        loss.backward()
        optimizer.step()
        total += loss.item() * len(images)
        seen += len(images)
    return total / seen
""",
        tells="The returned loss includes the penalty.",
    ),
    Mistake(
        "train_epoch",
        "evaluation_mode",
        "epoch_runs_in_training_mode",
        """
def train_epoch(model, loader, optimizer, loss_fn, penalty=None):
    model.eval()
    total, seen = 0.0, 0
    for images, labels in loader:
        optimizer.zero_grad()
        loss = loss_fn(model(images), labels)
        (loss if penalty is None else loss + penalty(model)).backward()
        optimizer.step()
        total += loss.item() * len(images)
        seen += len(images)
    return total / seen
""",
        tells="The model is not switched to training mode.",
    ),
    Mistake(
        "train_epoch",
        "mode_left_as_it_came",
        "epoch_runs_in_training_mode",
        """
def train_epoch(model, loader, optimizer, loss_fn, penalty=None):
    total, seen = 0.0, 0
    for images, labels in loader:
        optimizer.zero_grad()
        loss = loss_fn(model(images), labels)
        (loss if penalty is None else loss + penalty(model)).backward()
        optimizer.step()
        total += loss.item() * len(images)
        seen += len(images)
    return total / seen
""",
        tells="The model is not switched to training mode.",
    ),
    Mistake(
        "train_epoch",
        "own_loss_function",
        "epoch_takes_any_loss_and_loader",
        """
def train_epoch(model, loader, optimizer, loss_fn, penalty=None):
    model.train()
    total, seen = 0.0, 0
    for images, labels in loader:
        optimizer.zero_grad()
        loss = F.cross_entropy(model(images), labels)
        (loss if penalty is None else loss + penalty(model)).backward()
        optimizer.step()
        total += loss.item() * len(images)
        seen += len(images)
    return total / seen
""",
        tells="`loss_fn` is ignored.",
    ),
    Mistake(
        "train_epoch",
        "loader_read_twice",
        "epoch_takes_any_loss_and_loader",
        """
def train_epoch(model, loader, optimizer, loss_fn, penalty=None):
    model.train()
    seen, total = sum(len(labels) for _, labels in loader), 0.0
    for images, labels in loader:
        optimizer.zero_grad()
        loss = loss_fn(model(images), labels)
        (loss if penalty is None else loss + penalty(model)).backward()
        optimizer.step()
        total += loss.item() * len(images)
    return total / seen
""",
        tells="The loader is read twice; some loaders can be read only once.",
    ),
    Mistake(
        "train_epoch",
        "images_flattened_by_the_loop",
        "epoch_takes_any_loss_and_loader",
        """
def train_epoch(model, loader, optimizer, loss_fn, penalty=None):
    model.train()
    total, seen = 0.0, 0
    for images, labels in loader:
        loss = loss_fn(model(images.flatten(1)), labels)
        objective = loss if penalty is None else loss + penalty(model)
        optimizer.zero_grad()
        objective.backward()
        optimizer.step()
        total += loss.item() * len(labels)
        seen += len(labels)
    return total / seen
""",
        tells="The loop flattens the images; that is the model's job.",
    ),
    Mistake(
        "train_epoch",
        "single_image_squeezed",
        (
            "epoch_returns_the_mean_per_sample",
            "epoch_takes_one_step_per_batch",
            "epoch_minimises_the_penalty_too",
        ),
        """
def train_epoch(model, loader, optimizer, loss_fn, penalty=None):
    model.train()
    total, seen = 0.0, 0
    for images, labels in loader:
        optimizer.zero_grad()
        loss = loss_fn(model(images).squeeze(), labels)
        (loss if penalty is None else loss + penalty(model)).backward()
        optimizer.step()
        total += loss.item() * len(labels)
        seen += len(labels)
    return total / seen
""",
        tells=("`squeeze` also removes the batch axis when there is one image."),
    ),
    Mistake(
        "train_epoch",
        "loss_function_for_the_report_only",
        "epoch_takes_any_loss_and_loader",
        """
def train_epoch(model, loader, optimizer, loss_fn, penalty=None):
    model.train()
    total, seen = 0.0, 0
    for images, labels in loader:
        optimizer.zero_grad()
        logits = model(images)
        objective = F.cross_entropy(logits, labels)
        (objective if penalty is None else objective + penalty(model)).backward()
        optimizer.step()
        total += loss_fn(logits, labels).item() * len(labels)
        seen += len(labels)
    return total / seen
""",
        tells=("`loss_fn` is reported, but another loss is minimised."),
    ),
    Mistake(
        "train_epoch",
        "stops_when_the_loss_stays",
        (
            "epoch_returns_the_mean_per_sample",
            "epoch_returns_a_plain_float",
            "epoch_reports_without_the_penalty",
            "epoch_takes_any_loss_and_loader",
        ),
        """
def train_epoch(model, loader, optimizer, loss_fn, penalty=None):
    model.train()
    total, seen = 0.0, 0
    for images, labels in loader:
        before = next(model.parameters()).detach().clone()
        optimizer.zero_grad()
        loss = loss_fn(model(images), labels)
        (loss if penalty is None else loss + penalty(model)).backward()
        optimizer.step()
        total += loss.item() * len(labels)
        seen += len(labels)
        if torch.equal(before, next(model.parameters())):
            break
    return total / seen
""",
        tells=("The epoch ends early when a step changes nothing."),
    ),
    Mistake(
        "train_epoch",
        "last_batch_dropped",
        ("epoch_takes_one_step_per_batch", "epoch_minimises_the_penalty_too"),
        """
def train_epoch(model, loader, optimizer, loss_fn, penalty=None):
    model.train()
    total, seen = 0.0, 0
    for images, labels in loader:
        loss = loss_fn(model(images), labels)
        total += loss.item() * len(labels)
        seen += len(labels)
        if len(labels) == 1:
            continue
        optimizer.zero_grad()
        (loss if penalty is None else loss + penalty(model)).backward()
        optimizer.step()
    return total / seen
""",
        tells=("A batch of one image makes no step."),
    ),
    Mistake(
        "train_epoch",
        "penalty_on_the_first_batch",
        "epoch_minimises_the_penalty_too",
        """
def train_epoch(model, loader, optimizer, loss_fn, penalty=None):
    model.train()
    total, seen = 0.0, 0
    for images, labels in loader:
        optimizer.zero_grad()
        loss = loss_fn(model(images), labels)
        (loss + penalty(model) if penalty is not None and not seen else loss).backward()
        optimizer.step()
        total += loss.item() * len(labels)
        seen += len(labels)
    return total / seen
""",
        tells=("The penalty is added on the first batch only."),
    ),
    Mistake(
        "train_epoch",
        "evaluation_mode_after_the_first_batch",
        "epoch_runs_in_training_mode",
        """
def train_epoch(model, loader, optimizer, loss_fn, penalty=None):
    model.train()
    total, seen = 0.0, 0
    for images, labels in loader:
        optimizer.zero_grad()
        loss = loss_fn(model(images), labels)
        (loss if penalty is None else loss + penalty(model)).backward()
        optimizer.step()
        total += loss.item() * len(labels)
        seen += len(labels)
        model.eval()
    return total / seen
""",
        tells=("The model leaves training mode after the first batch."),
    ),
    Alternative(
        "train_epoch",
        "zero_grad_after_the_step",
        """
def train_epoch(model, loader, optimizer, loss_fn, penalty=None):
    model.train(True)
    losses, sizes = [], []
    for batch in loader:
        images, labels = batch
        logits = model(images)
        loss = loss_fn(logits, labels)
        objective = loss
        if penalty:
            objective = penalty(model) + loss
        objective.backward()
        optimizer.step()
        optimizer.zero_grad(set_to_none=False)
        losses.append(float(loss.detach()))
        sizes.append(labels.shape[0])
    return float(np.average(losses, weights=sizes))
""",
    ),
    Alternative(
        "train_epoch",
        "two_backward_calls_and_a_closure",
        """
def train_epoch(model, loader, optimizer, loss_fn, penalty=None):
    model.train()
    device = next(model.parameters()).device
    total, seen = torch.zeros((), dtype=torch.float64), 0
    for images, labels in loader:
        images, labels = images.to(device), labels.to(device)

        def closure():
            model.zero_grad()
            loss = loss_fn(model(images), labels)
            loss.backward()
            if penalty is not None:
                penalty(model).backward()
            return loss

        total += optimizer.step(closure).detach().double() * images.size(0)
        seen += images.size(0)
    return (total / seen).item()
""",
    ),
    Mistake(
        "train_epoch",
        "second_forward_for_the_report",
        "epoch_runs_in_training_mode",
        """
def train_epoch(model, loader, optimizer, loss_fn, penalty=None):
    model.train()
    total, seen = 0.0, 0
    for images, labels in loader:
        optimizer.zero_grad()
        loss = loss_fn(model(images), labels)
        objective = loss if penalty is None else loss + penalty(model)
        reported = loss_fn(model(images), labels).item()
        objective.backward()
        optimizer.step()
        total += reported * len(labels)
        seen += len(labels)
    return total / seen
""",
        tells=(
            "Each batch goes through the model twice: batch norm counts it twice, dropout differs."
        ),
    ),
    Alternative(
        "train_epoch",
        "running_mean_in_double",
        """
def train_epoch(model, loader, optimizer, loss_fn, penalty=None):
    model.train()
    mean, n = torch.zeros((), dtype=torch.float64), 0
    with torch.enable_grad():
        for images, labels in loader:
            loss = loss_fn(model(images), labels)
            objective = loss.clone()
            if penalty is not None:
                objective = objective + penalty(model)
            model.zero_grad()
            optimizer.zero_grad()
            objective.backward()
            optimizer.step()
            k = labels.size(0)
            n += k
            mean += (loss.detach().double() - mean) * k / n
    return mean.item()
""",
    ),
]

EVALUATE = [
    Mistake(
        "evaluate",
        "left_in_train_mode",
        "evaluation_switches_training_off",
        """
def evaluate(model, loader, loss_fn):
    total, right, seen = 0.0, 0, 0
    with torch.no_grad():
        for images, labels in loader:
            logits = model(images)
            total += loss_fn(logits, labels).item() * len(labels)
            right += (logits.argmax(1) == labels).sum().item()
            seen += len(labels)
    return total / seen, right / seen
""",
        tells="The model is not switched to evaluation mode: dropout and batch norm still act.",
    ),
    Mistake(
        "evaluate",
        "accuracy_after_the_mode_is_restored",
        "evaluation_switches_training_off",
        """
def evaluate(model, loader, loss_fn):
    modes = [(module, module.training) for module in model.modules()]
    model.eval()
    total, right, seen = 0.0, 0, 0
    with torch.no_grad():
        for images, labels in loader:
            total += loss_fn(model(images), labels).item() * len(labels)
            seen += len(labels)
    for module, mode in modes:
        module.training = mode
    with torch.no_grad():
        for images, labels in loader:
            right += (model(images).argmax(1) == labels).sum().item()
    return total / seen, right / seen
""",
        tells=("A forward pass in training mode changes the running statistics."),
    ),
    Mistake(
        "evaluate",
        "mode_not_restored",
        "evaluation_restores_the_mode",
        """
def evaluate(model, loader, loss_fn):
    model.eval()
    total, right, seen = 0.0, 0, 0
    with torch.no_grad():
        for images, labels in loader:
            logits = model(images)
            total += loss_fn(logits, labels).item() * len(labels)
            right += (logits.argmax(1) == labels).sum().item()
            seen += len(labels)
    return total / seen, right / seen
""",
        tells="The model is left in evaluation mode.",
    ),
    Mistake(
        "evaluate",
        "always_back_to_training",
        "evaluation_restores_the_mode",
        """
def evaluate(model, loader, loss_fn):
    model.eval()
    total, right, seen = 0.0, 0, 0
    with torch.no_grad():
        for images, labels in loader:
            logits = model(images)
            total += loss_fn(logits, labels).item() * len(labels)
            right += (logits.argmax(1) == labels).sum().item()
            seen += len(labels)
    model.train()
    return total / seen, right / seen
""",
        tells="The model always ends in training mode, even if it was not in it.",
    ),
    Mistake(
        "evaluate",
        "images_flattened_by_the_loop",
        "evaluation_counts_every_sample_alike",
        """
def evaluate(model, loader, loss_fn):
    training = model.training
    model.eval()
    total, right, seen = 0.0, 0, 0
    with torch.no_grad():
        for images, labels in loader:
            logits = model(images.flatten(1))
            total += loss_fn(logits, labels).item() * len(labels)
            right += (logits.argmax(1) == labels).sum().item()
            seen += len(labels)
    model.train(training)
    return total / seen, right / seen
""",
        tells="The loop flattens the images; that is the model's job.",
    ),
    Mistake(
        "evaluate",
        "single_image_squeezed",
        "evaluation_counts_every_sample_alike",
        """
def evaluate(model, loader, loss_fn):
    modes = [(module, module.training) for module in model.modules()]
    model.eval()
    total, right, seen = 0.0, 0, 0
    with torch.no_grad():
        for images, labels in loader:
            logits = model(images).squeeze()
            total += loss_fn(logits, labels).item() * len(labels)
            right += (logits.argmax(-1) == labels).sum().item()
            seen += len(labels)
    for module, mode in modes:
        module.training = mode
    return total / seen, right / seen
""",
        tells=("`squeeze` also removes the batch axis when there is one image."),
    ),
    Mistake(
        "evaluate",
        "modes_of_the_first_level",
        "evaluation_restores_the_mode",
        """
def evaluate(model, loader, loss_fn):
    modes = [(module, module.training) for module in model.children()]
    model.eval()
    total, right, seen = 0.0, 0, 0
    with torch.no_grad():
        for images, labels in loader:
            logits = model(images)
            total += loss_fn(logits, labels).item() * len(labels)
            right += (logits.argmax(1) == labels).sum().item()
            seen += len(labels)
    for module, mode in modes:
        module.training = mode
    return total / seen, right / seen
""",
        tells=("The mode is restored at the first level only, not in nested parts."),
    ),
    Alternative(
        "evaluate",
        "one_flag_for_the_model",
        """
def evaluate(model, loader, loss_fn):
    training = model.training
    model.eval()
    total, right, seen = 0.0, 0, 0
    with torch.no_grad():
        for images, labels in loader:
            logits = model(images)
            total += loss_fn(logits, labels).item() * len(labels)
            right += (logits.argmax(1) == labels).sum().item()
            seen += len(labels)
    model.train(training)
    return total / seen, right / seen
""",
    ),
    Mistake(
        "evaluate",
        "gradients_tracked",
        "evaluation_tracks_no_gradients",
        """
def evaluate(model, loader, loss_fn):
    modes = [(module, module.training) for module in model.modules()]
    model.eval()
    total, right, seen = 0.0, 0, 0
    for images, labels in loader:
        logits = model(images)
        total += loss_fn(logits, labels).item() * len(labels)
        right += (logits.argmax(1) == labels).sum().item()
        seen += len(labels)
    for module, mode in modes:
        module.training = mode
    return total / seen, right / seen
""",
        tells="Gradients are tracked while evaluating.",
    ),
    Mistake(
        "evaluate",
        "gradients_off_for_good",
        "evaluation_tracks_no_gradients",
        """
def evaluate(model, loader, loss_fn):
    modes = [(module, module.training) for module in model.modules()]
    model.eval()
    torch.set_grad_enabled(False)
    total, right, seen = 0.0, 0, 0
    for images, labels in loader:
        logits = model(images)
        total += loss_fn(logits, labels).item() * len(labels)
        right += (logits.argmax(1) == labels).sum().item()
        seen += len(labels)
    for module, mode in modes:
        module.training = mode
    return total / seen, right / seen
""",
        tells="Gradients are switched off and never on again.",
    ),
    Mistake(
        "evaluate",
        "tensors_returned",
        "evaluation_tracks_no_gradients",
        """
def evaluate(model, loader, loss_fn):
    modes = [(module, module.training) for module in model.modules()]
    model.eval()
    total, right, seen = 0.0, 0, 0
    with torch.no_grad():
        for images, labels in loader:
            logits = model(images)
            total += loss_fn(logits, labels) * len(labels)
            right += (logits.argmax(1) == labels).sum()
            seen += len(labels)
    for module, mode in modes:
        module.training = mode
    return total / seen, right / seen
""",
        tells="Tensors are returned; they should be plain numbers.",
    ),
    Mistake(
        "evaluate",
        "mean_of_batch_means",
        "evaluation_counts_every_sample_alike",
        """
def evaluate(model, loader, loss_fn):
    modes = [(module, module.training) for module in model.modules()]
    model.eval()
    losses, accuracies = [], []
    with torch.no_grad():
        for images, labels in loader:
            logits = model(images)
            losses.append(loss_fn(logits, labels).item())
            accuracies.append((logits.argmax(1) == labels).float().mean().item())
    for module, mode in modes:
        module.training = mode
    return sum(losses) / len(losses), sum(accuracies) / len(accuracies)
""",
        tells="The result is the mean of the batches' means: a small last batch counts too much.",
    ),
    Mistake(
        "evaluate",
        "percent",
        "evaluation_counts_every_sample_alike",
        """
def evaluate(model, loader, loss_fn):
    modes = [(module, module.training) for module in model.modules()]
    model.eval()
    total, right, seen = 0.0, 0, 0
    with torch.no_grad():
        for images, labels in loader:
            logits = model(images)
            total += loss_fn(logits, labels).item() * len(labels)
            right += (logits.argmax(1) == labels).sum().item()
            seen += len(labels)
    for module, mode in modes:
        module.training = mode
    return total / seen, 100.0 * right / seen
""",
        tells="The accuracy is in percent; it should be a fraction.",
    ),
    Alternative(
        "evaluate",
        "everything_at_once",
        """
@torch.no_grad()
def evaluate(model, loader, loss_fn):
    training = {name: module.training for name, module in model.named_modules()}
    try:
        model.eval()
        pairs = [(model(images), labels) for images, labels in loader]
    finally:
        for name, module in model.named_modules():
            module.train(training[name]) if not list(module.children()) else None
            module.training = training[name]
    logits, labels = (torch.cat(part) for part in zip(*pairs))
    accuracy = (logits.argmax(dim=-1) == labels).double().mean()
    return float(loss_fn(logits, labels)), float(accuracy)
""",
    ),
    Alternative(
        "evaluate",
        "copy_in_inference_mode",
        """
def evaluate(model, loader, loss_fn):
    judged = copy.deepcopy(model).eval()
    losses, hits, sizes = [], [], []
    with torch.inference_mode():
        for images, labels in loader:
            logits = judged(images)
            losses.append(float(loss_fn(logits, labels)))
            hits.append(int(torch.eq(logits.max(dim=1).indices, labels).sum()))
            sizes.append(labels.numel())
    return float(np.average(losses, weights=sizes)), float(sum(hits) / sum(sizes))
""",
    ),
    Mistake(
        "evaluate",
        "log_softmax_before_the_loss",
        "evaluation_counts_every_sample_alike",
        """
def evaluate(model, loader, loss_fn):
    modes = [(module, module.training) for module in model.modules()]
    model.eval()
    total, right, seen = 0.0, 0, 0
    with torch.no_grad():
        for images, labels in loader:
            logits = model(images)
            total += loss_fn(logits.log_softmax(1), labels).item() * len(labels)
            right += (logits.argmax(1) == labels).sum().item()
            seen += len(labels)
    for module, mode in modes:
        module.training = mode
    return total / seen, right / seen
""",
        tells=(
            "The loss function gets log-probabilities, not logits: only cross-entropy hides that."
        ),
    ),
    Alternative(
        "evaluate",
        "loss_of_all_logits_at_once",
        """
@torch.no_grad()
def evaluate(model, loader, loss_fn):
    was = {name: m.training for name, m in model.named_modules(remove_duplicate=False)}
    model.eval()
    outputs, targets = [], []
    for inputs, labels in loader:
        outputs.append(model(inputs))
        targets.append(labels)
    for name, m in model.named_modules(remove_duplicate=False):
        m.training = was[name]
    outputs, targets = torch.cat(outputs), torch.cat(targets)
    right = (outputs.argmax(-1) == targets).double()
    return float(loss_fn(outputs, targets)), right.mean().item()
""",
    ),
]

TRAINER = [
    Mistake(
        "trainer",
        "last_weights_kept",
        ("fit_ends_with_the_best_epoch", "fit_takes_the_first_of_equals"),
        """
class Trainer:
    def __init__(self, model, optimizer, loss_fn):
        self.model, self.optimizer, self.loss_fn = model, optimizer, loss_fn

    def fit(self, train_loader, val_loader, num_epochs):
        history = {"train_loss": [], "val_loss": [], "val_accuracy": []}
        for _ in range(num_epochs):
            loss = train_epoch(self.model, train_loader, self.optimizer, self.loss_fn)
            val_loss, accuracy = evaluate(self.model, val_loader, self.loss_fn)
            history["train_loss"].append(loss)
            history["val_loss"].append(val_loss)
            history["val_accuracy"].append(accuracy)
        return history
""",
        tells=(
            "The model ends with the weights of the last epoch: which epoch is the best, and is "
            "its state a copy?"
        ),
    ),
    Mistake(
        "trainer",
        "best_by_training_loss",
        ("fit_ends_with_the_best_epoch", "fit_takes_the_first_of_equals"),
        """
class Trainer:
    def __init__(self, model, optimizer, loss_fn):
        self.model, self.optimizer, self.loss_fn = model, optimizer, loss_fn

    def fit(self, train_loader, val_loader, num_epochs):
        history = {"train_loss": [], "val_loss": [], "val_accuracy": []}
        best, state = math.inf, None
        for _ in range(num_epochs):
            loss = train_epoch(self.model, train_loader, self.optimizer, self.loss_fn)
            val_loss, accuracy = evaluate(self.model, val_loader, self.loss_fn)
            history["train_loss"].append(loss)
            history["val_loss"].append(val_loss)
            history["val_accuracy"].append(accuracy)
            if loss < best:
                best, state = loss, copy.deepcopy(self.model.state_dict())
        self.model.load_state_dict(state)
        return history
""",
        tells=(
            "The model ends with the weights of the last epoch: which epoch is the best, and is "
            "its state a copy?"
        ),
    ),
    Mistake(
        "trainer",
        "best_by_validation_loss",
        "fit_ends_with_the_best_epoch",
        """
class Trainer:
    def __init__(self, model, optimizer, loss_fn):
        self.model, self.optimizer, self.loss_fn = model, optimizer, loss_fn

    def fit(self, train_loader, val_loader, num_epochs):
        history = {"train_loss": [], "val_loss": [], "val_accuracy": []}
        best, state = math.inf, None
        for _ in range(num_epochs):
            loss = train_epoch(self.model, train_loader, self.optimizer, self.loss_fn)
            val_loss, accuracy = evaluate(self.model, val_loader, self.loss_fn)
            history["train_loss"].append(loss)
            history["val_loss"].append(val_loss)
            history["val_accuracy"].append(accuracy)
            if val_loss < best:
                best, state = val_loss, copy.deepcopy(self.model.state_dict())
        self.model.load_state_dict(state)
        return history
""",
        tells="The best epoch is chosen by the validation loss; it should be the accuracy.",
    ),
    Mistake(
        "trainer",
        "best_weights_aliased",
        ("fit_ends_with_the_best_epoch", "fit_takes_the_first_of_equals"),
        """
class Trainer:
    def __init__(self, model, optimizer, loss_fn):
        self.model, self.optimizer, self.loss_fn = model, optimizer, loss_fn

    def fit(self, train_loader, val_loader, num_epochs):
        history = {"train_loss": [], "val_loss": [], "val_accuracy": []}
        best, state = -1.0, None
        for _ in range(num_epochs):
            loss = train_epoch(self.model, train_loader, self.optimizer, self.loss_fn)
            val_loss, accuracy = evaluate(self.model, val_loader, self.loss_fn)
            history["train_loss"].append(loss)
            history["val_loss"].append(val_loss)
            history["val_accuracy"].append(accuracy)
            if accuracy > best:
                best, state = accuracy, self.model.state_dict()
        self.model.load_state_dict(state)
        return history
""",
        tells=(
            "The model ends with the weights of the last epoch: which epoch is the best, and is "
            "its state a copy?"
        ),
    ),
    Mistake(
        "trainer",
        "best_weights_shallow_copy",
        ("fit_ends_with_the_best_epoch", "fit_takes_the_first_of_equals"),
        """
class Trainer:
    def __init__(self, model, optimizer, loss_fn):
        self.model, self.optimizer, self.loss_fn = model, optimizer, loss_fn

    def fit(self, train_loader, val_loader, num_epochs):
        history = {"train_loss": [], "val_loss": [], "val_accuracy": []}
        best, state = -1.0, None
        for _ in range(num_epochs):
            loss = train_epoch(self.model, train_loader, self.optimizer, self.loss_fn)
            val_loss, accuracy = evaluate(self.model, val_loader, self.loss_fn)
            history["train_loss"].append(loss)
            history["val_loss"].append(val_loss)
            history["val_accuracy"].append(accuracy)
            if accuracy > best:
                best, state = accuracy, dict(self.model.state_dict())
        self.model.load_state_dict(state)
        return history
""",
        tells=(
            "The model ends with the weights of the last epoch: which epoch is the best, and is "
            "its state a copy?"
        ),
    ),
    Mistake(
        "trainer",
        "validation_data_trained_on",
        (
            "fit_records_every_epoch",
            "fit_ends_with_the_best_epoch",
            "fit_takes_the_first_of_equals",
            "fit_restores_batch_norm_too",
            "fit_may_be_called_again",
        ),
        """
class Trainer:
    def __init__(self, model, optimizer, loss_fn):
        self.model, self.optimizer, self.loss_fn = model, optimizer, loss_fn

    def fit(self, train_loader, val_loader, num_epochs):
        history = {"train_loss": [], "val_loss": [], "val_accuracy": []}
        best, state = -1.0, None
        for _ in range(num_epochs):
            loss = train_epoch(self.model, train_loader, self.optimizer, self.loss_fn)
            _, accuracy = evaluate(self.model, val_loader, self.loss_fn)
            val_loss = train_epoch(self.model, val_loader, self.optimizer, self.loss_fn)
            history["train_loss"].append(loss)
            history["val_loss"].append(val_loss)
            history["val_accuracy"].append(accuracy)
            if accuracy > best:
                best, state = accuracy, copy.deepcopy(self.model.state_dict())
        self.model.load_state_dict(state)
        return history
""",
        tells="The model is trained on the validation data as well.",
    ),
    Mistake(
        "trainer",
        "validated_before_training",
        ("fit_records_every_epoch", "fit_takes_the_first_of_equals"),
        """
class Trainer:
    def __init__(self, model, optimizer, loss_fn):
        self.model, self.optimizer, self.loss_fn = model, optimizer, loss_fn

    def fit(self, train_loader, val_loader, num_epochs):
        history = {"train_loss": [], "val_loss": [], "val_accuracy": []}
        best, state = -1.0, None
        for _ in range(num_epochs):
            val_loss, accuracy = evaluate(self.model, val_loader, self.loss_fn)
            if accuracy > best:
                best, state = accuracy, copy.deepcopy(self.model.state_dict())
            loss = train_epoch(self.model, train_loader, self.optimizer, self.loss_fn)
            history["train_loss"].append(loss)
            history["val_loss"].append(val_loss)
            history["val_accuracy"].append(accuracy)
        self.model.load_state_dict(state)
        return history
""",
        tells="Each epoch is validated before it is trained.",
    ),
    Mistake(
        "trainer",
        "last_of_equals",
        "fit_takes_the_first_of_equals",
        """
class Trainer:
    def __init__(self, model, optimizer, loss_fn):
        self.model, self.optimizer, self.loss_fn = model, optimizer, loss_fn

    def fit(self, train_loader, val_loader, num_epochs):
        history = {"train_loss": [], "val_loss": [], "val_accuracy": []}
        best, state = -1.0, None
        for _ in range(num_epochs):
            loss = train_epoch(self.model, train_loader, self.optimizer, self.loss_fn)
            val_loss, accuracy = evaluate(self.model, val_loader, self.loss_fn)
            history["train_loss"].append(loss)
            history["val_loss"].append(val_loss)
            history["val_accuracy"].append(accuracy)
            if accuracy >= best:
                best, state = accuracy, copy.deepcopy(self.model.state_dict())
        self.model.load_state_dict(state)
        return history
""",
        tells="Of equally good epochs the last is kept; it should be the first.",
    ),
    Mistake(
        "trainer",
        "buffers_of_the_last_epoch",
        "fit_restores_batch_norm_too",
        """
class Trainer:
    def __init__(self, model, optimizer, loss_fn):
        self.model, self.optimizer, self.loss_fn = model, optimizer, loss_fn

    def fit(self, train_loader, val_loader, num_epochs):
        history = {"train_loss": [], "val_loss": [], "val_accuracy": []}
        best, weights = -1.0, None
        for _ in range(num_epochs):
            loss = train_epoch(self.model, train_loader, self.optimizer, self.loss_fn)
            val_loss, accuracy = evaluate(self.model, val_loader, self.loss_fn)
            history["train_loss"].append(loss)
            history["val_loss"].append(val_loss)
            history["val_accuracy"].append(accuracy)
            if accuracy > best:
                best = accuracy
                weights = [p.detach().clone() for p in self.model.parameters()]
        with torch.no_grad():
            for parameter, value in zip(self.model.parameters(), weights):
                parameter.copy_(value)
        return history
""",
        tells="Only parameters are restored; batch norm keeps the statistics of the last epoch.",
    ),
    Mistake(
        "trainer",
        "best_model_in_an_attribute",
        (
            "fit_ends_with_the_best_epoch",
            "fit_takes_the_first_of_equals",
            "fit_may_be_called_again",
        ),
        """
class Trainer:
    def __init__(self, model, optimizer, loss_fn):
        self.model, self.optimizer, self.loss_fn = model, optimizer, loss_fn

    def fit(self, train_loader, val_loader, num_epochs):
        history = {"train_loss": [], "val_loss": [], "val_accuracy": []}
        best, model = -1.0, None
        for _ in range(num_epochs):
            loss = train_epoch(self.model, train_loader, self.optimizer, self.loss_fn)
            val_loss, accuracy = evaluate(self.model, val_loader, self.loss_fn)
            history["train_loss"].append(loss)
            history["val_loss"].append(val_loss)
            history["val_accuracy"].append(accuracy)
            if accuracy > best:
                best, model = accuracy, copy.deepcopy(self.model)
        self.model = model
        return history
""",
        tells="The best model is kept elsewhere; the given one ends with the last weights.",
    ),
    Mistake(
        "trainer",
        "parameters_replaced_at_the_end",
        "fit_may_be_called_again",
        """
class Trainer:
    def __init__(self, model, optimizer, loss_fn):
        self.model, self.optimizer, self.loss_fn = model, optimizer, loss_fn

    def fit(self, train_loader, val_loader, num_epochs):
        history = {"train_loss": [], "val_loss": [], "val_accuracy": []}
        best, state = -1.0, None
        for _ in range(num_epochs):
            loss = train_epoch(self.model, train_loader, self.optimizer, self.loss_fn)
            val_loss, accuracy = evaluate(self.model, val_loader, self.loss_fn)
            history["train_loss"].append(loss)
            history["val_loss"].append(val_loss)
            history["val_accuracy"].append(accuracy)
            if accuracy > best:
                best, state = accuracy, copy.deepcopy(self.model.state_dict())
        self.model.load_state_dict(state, assign=True)
        return history
""",
        tells="The parameters are replaced at the end: the optimizer goes on with the old ones.",
    ),
    Mistake(
        "trainer",
        "one_history_for_all_trainers",
        "fit_records_every_epoch",
        """
class Trainer:
    history = {"train_loss": [], "val_loss": [], "val_accuracy": []}

    def __init__(self, model, optimizer, loss_fn):
        self.model, self.optimizer, self.loss_fn = model, optimizer, loss_fn

    def fit(self, train_loader, val_loader, num_epochs):
        best, state = -1.0, None
        for _ in range(num_epochs):
            loss = train_epoch(self.model, train_loader, self.optimizer, self.loss_fn)
            val_loss, accuracy = evaluate(self.model, val_loader, self.loss_fn)
            self.history["train_loss"].append(loss)
            self.history["val_loss"].append(val_loss)
            self.history["val_accuracy"].append(accuracy)
            if accuracy > best:
                best, state = accuracy, copy.deepcopy(self.model.state_dict())
        self.model.load_state_dict(state)
        return self.history
""",
        tells="All trainers share one history.",
    ),
    Mistake(
        "trainer",
        "stops_when_not_better",
        "fit_records_every_epoch",
        """
class Trainer:
    def __init__(self, model, optimizer, loss_fn):
        self.model, self.optimizer, self.loss_fn = model, optimizer, loss_fn

    def fit(self, train_loader, val_loader, num_epochs):
        history = {"train_loss": [], "val_loss": [], "val_accuracy": []}
        best, state = -1.0, None
        for _ in range(num_epochs):
            loss = train_epoch(self.model, train_loader, self.optimizer, self.loss_fn)
            val_loss, accuracy = evaluate(self.model, val_loader, self.loss_fn)
            history["train_loss"].append(loss)
            history["val_loss"].append(val_loss)
            history["val_accuracy"].append(accuracy)
            if accuracy > best:
                best, state = accuracy, copy.deepcopy(self.model.state_dict())
            else:
                break
        self.model.load_state_dict(state)
        return history
""",
        tells="Training stops at the first epoch that is not better.",
    ),
    Mistake(
        "trainer",
        "compared_with_the_previous_epoch",
        "fit_ends_with_the_best_epoch",
        """
class Trainer:
    def __init__(self, model, optimizer, loss_fn):
        self.model, self.optimizer, self.loss_fn = model, optimizer, loss_fn

    def fit(self, train_loader, val_loader, num_epochs):
        history = {"train_loss": [], "val_loss": [], "val_accuracy": []}
        best, state = -1.0, None
        for _ in range(num_epochs):
            loss = train_epoch(self.model, train_loader, self.optimizer, self.loss_fn)
            val_loss, accuracy = evaluate(self.model, val_loader, self.loss_fn)
            history["train_loss"].append(loss)
            history["val_loss"].append(val_loss)
            history["val_accuracy"].append(accuracy)
            if accuracy > best:
                state = copy.deepcopy(self.model.state_dict())
            best = accuracy
        if state is not None:
            self.model.load_state_dict(state)
        return history
""",
        tells=("Each epoch is compared with the one before, not with the best so far."),
    ),
    Mistake(
        "trainer",
        "best_starts_at_zero",
        "fit_takes_the_first_of_equals",
        """
class Trainer:
    def __init__(self, model, optimizer, loss_fn):
        self.model, self.optimizer, self.loss_fn = model, optimizer, loss_fn

    def fit(self, train_loader, val_loader, num_epochs):
        history = {"train_loss": [], "val_loss": [], "val_accuracy": []}
        best, state = 0.0, None
        for _ in range(num_epochs):
            loss = train_epoch(self.model, train_loader, self.optimizer, self.loss_fn)
            val_loss, accuracy = evaluate(self.model, val_loader, self.loss_fn)
            history["train_loss"].append(loss)
            history["val_loss"].append(val_loss)
            history["val_accuracy"].append(accuracy)
            if accuracy > best:
                state = copy.deepcopy(self.model.state_dict())
                best = accuracy
        if state is not None:
            self.model.load_state_dict(state)
        return history
""",
        tells=(
            "The best accuracy so far starts at 0, which an epoch without a right answer does not beat."
        ),
    ),
    Mistake(
        "trainer",
        "best_starts_at_chance",
        "fit_takes_the_first_of_equals",
        """
class Trainer:
    def __init__(self, model, optimizer, loss_fn):
        self.model, self.optimizer, self.loss_fn = model, optimizer, loss_fn

    def fit(self, train_loader, val_loader, num_epochs):
        history = {"train_loss": [], "val_loss": [], "val_accuracy": []}
        best, state = 0.1, None
        for _ in range(num_epochs):
            loss = train_epoch(self.model, train_loader, self.optimizer, self.loss_fn)
            val_loss, accuracy = evaluate(self.model, val_loader, self.loss_fn)
            history["train_loss"].append(loss)
            history["val_loss"].append(val_loss)
            history["val_accuracy"].append(accuracy)
            if accuracy > best:
                state = copy.deepcopy(self.model.state_dict())
                best = accuracy
        if state is not None:
            self.model.load_state_dict(state)
        return history
""",
        tells=("The best accuracy so far starts too high: a bad epoch does not beat it."),
    ),
    Alternative(
        "trainer",
        "list_of_all_states",
        """
class Trainer:
    def __init__(self, model, optimizer, loss_fn):
        self.model = model
        self.optimizer = optimizer
        self.loss_fn = loss_fn

    def fit(self, train_loader, val_loader, num_epochs):
        rows, states = [], []
        for _ in range(num_epochs):
            loss = train_epoch(self.model, train_loader, self.optimizer, self.loss_fn)
            rows.append((loss, *evaluate(self.model, val_loader, self.loss_fn)))
            states.append({k: v.clone() for k, v in self.model.state_dict().items()})
        columns = [list(column) for column in zip(*rows)]
        history = dict(zip(("train_loss", "val_loss", "val_accuracy"), columns))
        best = max(range(num_epochs), key=lambda epoch: history["val_accuracy"][epoch])
        self.model.load_state_dict(states[best])
        return history
""",
    ),
    Alternative(
        "trainer",
        "own_loops_and_a_file_in_memory",
        """
import io


class Trainer:
    def __init__(self, model, optimizer, loss_fn):
        self.model, self.optimizer, self.loss_fn = model, optimizer, loss_fn
        self.history = {"train_loss": [], "val_loss": [], "val_accuracy": []}

    def _pass(self, loader, learn):
        self.model.train(learn)
        total = right = seen = 0
        for images, labels in loader:
            with torch.set_grad_enabled(learn):
                logits = self.model(images)
                loss = self.loss_fn(logits, labels)
            if learn:
                self.optimizer.zero_grad()
                loss.backward()
                self.optimizer.step()
            total += loss.item() * len(labels)
            right += int((logits.argmax(1) == labels).sum())
            seen += len(labels)
        return total / seen, right / seen

    def fit(self, train_loader, val_loader, num_epochs):
        best, file = None, None
        for _ in range(num_epochs):
            train_loss, _ = self._pass(train_loader, True)
            val_loss, accuracy = self._pass(val_loader, False)
            for name, value in zip(self.history, (train_loss, val_loss, accuracy)):
                self.history[name].append(value)
            if best is None or accuracy > best:
                best, file = accuracy, io.BytesIO()
                torch.save(self.model.state_dict(), file)
        file.seek(0)
        self.model.load_state_dict(torch.load(file, weights_only=True))
        return self.history
""",
    ),
    Mistake(
        "trainer",
        "accuracies_rounded",
        "fit_ends_with_the_best_epoch",
        """
class Trainer:
    def __init__(self, model, optimizer, loss_fn):
        self.model = model
        self.optimizer = optimizer
        self.loss_fn = loss_fn

    def fit(self, train_loader, val_loader, num_epochs):
        history = {"train_loss": [], "val_loss": [], "val_accuracy": []}
        best_accuracy, best_state = -1.0, None
        for _ in range(num_epochs):
            train_loss = train_epoch(self.model, train_loader, self.optimizer, self.loss_fn)
            val_loss, val_accuracy = evaluate(self.model, val_loader, self.loss_fn)
            history["train_loss"].append(train_loss)
            history["val_loss"].append(val_loss)
            history["val_accuracy"].append(val_accuracy)
            if round(val_accuracy, 2) > best_accuracy:
                best_accuracy = round(val_accuracy, 2)
                best_state = copy.deepcopy(self.model.state_dict())
        if best_state is not None:
            self.model.load_state_dict(best_state)
        return history
""",
        tells=("Accuracies are rounded before they are compared: small improvements are lost."),
    ),
    Mistake(
        "trainer",
        "stops_at_a_perfect_epoch",
        "fit_records_every_epoch",
        """
class Trainer:
    def __init__(self, model, optimizer, loss_fn):
        self.model = model
        self.optimizer = optimizer
        self.loss_fn = loss_fn

    def fit(self, train_loader, val_loader, num_epochs):
        history = {"train_loss": [], "val_loss": [], "val_accuracy": []}
        best_accuracy, best_state = -1.0, None
        for _ in range(num_epochs):
            train_loss = train_epoch(self.model, train_loader, self.optimizer, self.loss_fn)
            val_loss, val_accuracy = evaluate(self.model, val_loader, self.loss_fn)
            history["train_loss"].append(train_loss)
            history["val_loss"].append(val_loss)
            history["val_accuracy"].append(val_accuracy)
            if val_accuracy > best_accuracy:
                best_accuracy = val_accuracy
                best_state = copy.deepcopy(self.model.state_dict())
            if val_accuracy == 1.0:
                break
        if best_state is not None:
            self.model.load_state_dict(best_state)
        return history
""",
        tells=("Training stops when the accuracy is 1: there are fewer epochs than asked for."),
    ),
    Mistake(
        "trainer",
        "training_data_read_once",
        "fit_records_every_epoch",
        """
class Trainer:
    def __init__(self, model, optimizer, loss_fn):
        self.model = model
        self.optimizer = optimizer
        self.loss_fn = loss_fn

    def fit(self, train_loader, val_loader, num_epochs):
        history = {"train_loss": [], "val_loss": [], "val_accuracy": []}
        batches = list(train_loader)
        best_accuracy, best_state = -1.0, None
        for _ in range(num_epochs):
            train_loss = train_epoch(self.model, batches, self.optimizer, self.loss_fn)
            val_loss, val_accuracy = evaluate(self.model, val_loader, self.loss_fn)
            history["train_loss"].append(train_loss)
            history["val_loss"].append(val_loss)
            history["val_accuracy"].append(val_accuracy)
            if val_accuracy > best_accuracy:
                best_accuracy = val_accuracy
                best_state = copy.deepcopy(self.model.state_dict())
        if best_state is not None:
            self.model.load_state_dict(best_state)
        return history
""",
        tells=("The training loader is read once: no later epoch is shuffled anew."),
    ),
    Alternative(
        "trainer",
        "best_weights_in_a_temporary_file",
        """
class Trainer:
    def __init__(self, model, optimizer, loss_fn):
        self.model = model
        self.optimizer = optimizer
        self.loss_fn = loss_fn

    def fit(self, train_loader, val_loader, num_epochs):
        history = {"train_loss": [], "val_loss": [], "val_accuracy": []}
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "best.pt"
            for epoch in range(num_epochs):
                loss = train_epoch(self.model, train_loader, self.optimizer, self.loss_fn)
                history["train_loss"] += [loss]
                loss, accuracy = evaluate(self.model, val_loader, self.loss_fn)
                if all(accuracy > old for old in history["val_accuracy"]):
                    torch.save(self.model.state_dict(), file)
                history["val_loss"].append(loss)
                history["val_accuracy"].append(accuracy)
            if file.exists():
                self.model.load_state_dict(torch.load(file))
        return history
""",
    ),
]

SAVE_MODEL = [
    Mistake(
        "save_model",
        "whole_module_pickled",
        "file_holds_a_state_dict",
        """
def save_model(model, path):
    torch.save(model, path)


def load_model(model, path):
    saved = torch.load(path, map_location="cpu", weights_only=False)
    state = saved if isinstance(saved, dict) else saved.state_dict()
    model.load_state_dict(state)
    return model
""",
        tells="The whole module is saved; it should be a state dict.",
    ),
    Mistake(
        "save_model",
        "wrapped_in_a_checkpoint",
        "file_holds_a_state_dict",
        """
def save_model(model, path):
    torch.save({"model": model.state_dict()}, path)


def load_model(model, path):
    state = torch.load(path, map_location="cpu", weights_only=True)
    model.load_state_dict(state.get("model", state))
    return model
""",
        tells="The state dict is wrapped in another dict.",
    ),
    Mistake(
        "save_model",
        "device_lost",
        "load_works_without_the_device",
        """
def save_model(model, path):
    torch.save(model.state_dict(), path)


def load_model(model, path):
    model.load_state_dict(torch.load(path, weights_only=True))
    return model
""",
        tells="Loading needs the device on which the file was written.",
    ),
    Mistake(
        "save_model",
        "buffers_lost",
        "load_fills_the_given_model",
        """
def save_model(model, path):
    torch.save({name: p.detach() for name, p in model.named_parameters()}, path)


def load_model(model, path):
    state = torch.load(path, map_location="cpu", weights_only=True)
    model.load_state_dict(state, strict=False)
    return model
""",
        tells="Only parameters are saved; the buffers of batch norm are lost.",
    ),
    Mistake(
        "save_model",
        "nothing_returned",
        "load_fills_the_given_model",
        """
def save_model(model, path):
    torch.save(model.state_dict(), path)


def load_model(model, path):
    model.load_state_dict(torch.load(path, map_location="cpu", weights_only=True))
""",
        tells="Something other than the model is returned.",
    ),
    Mistake(
        "save_model",
        "matched_keys_returned",
        "load_fills_the_given_model",
        """
def save_model(model, path):
    torch.save(model.state_dict(), path)


def load_model(model, path):
    return model.load_state_dict(torch.load(path, map_location="cpu", weights_only=True))
""",
        tells="Something other than the model is returned.",
    ),
    Mistake(
        "save_model",
        "copy_loaded",
        "load_fills_the_given_model",
        """
def save_model(model, path):
    torch.save(model.state_dict(), path)


def load_model(model, path):
    model = copy.deepcopy(model)
    model.load_state_dict(torch.load(path, map_location="cpu", weights_only=True))
    return model
""",
        tells="A copy is filled; the given model stays unchanged.",
    ),
    Mistake(
        "save_model",
        "parameters_replaced",
        "load_fills_the_given_model",
        """
def save_model(model, path):
    torch.save(model.state_dict(), path)


def load_model(model, path):
    state = torch.load(path, map_location="cpu", weights_only=True)
    model.load_state_dict(state, assign=True)
    return model
""",
        tells=(
            "The parameters are replaced by new ones: an optimizer made before would train the old "
            "ones."
        ),
    ),
    Mistake(
        "save_model",
        "first_layers_only",
        "load_fills_the_given_model",
        """
def save_model(model, path):
    state = model.state_dict()
    torch.save({name: state[name] for name in list(state)[:-1]}, path)


def load_model(model, path):
    state = torch.load(path, map_location="cpu", weights_only=True)
    model.load_state_dict(state, strict=False)
    return model
""",
        tells=("An entry of the state dict is not saved."),
    ),
    Mistake(
        "save_model",
        "kept_in_memory",
        "file_holds_a_state_dict",
        """
saved = {}


def save_model(model, path):
    saved[str(path)] = copy.deepcopy(model.state_dict())


def load_model(model, path):
    if str(path) not in saved:
        saved[str(path)] = torch.load(path, map_location="cpu", weights_only=True)
    model.load_state_dict(saved[str(path)])
    return model
""",
        tells=("Nothing is written to the file."),
    ),
    Mistake(
        "save_model",
        "model_changed_by_saving",
        "file_holds_a_state_dict",
        """
def save_model(model, path):
    torch.save(model.state_dict(), path)
    for parameter in model.parameters():
        parameter.data.zero_()


def load_model(model, path):
    model.load_state_dict(torch.load(path, map_location="cpu", weights_only=True))
    return model
""",
        tells=("Saving changes the model."),
    ),
    Alternative(
        "save_model",
        "open_files",
        """
def save_model(model, path):
    with open(path, "wb") as file:
        torch.save({k: v.detach().cpu().clone() for k, v in model.state_dict().items()}, file)


def load_model(model, path):
    device = next(model.parameters()).device
    with Path(path).open("rb") as file:
        state = torch.load(file, map_location=device)
    model.load_state_dict(state)
    return model
""",
    ),
    Alternative(
        "save_model",
        "copied_entry_by_entry",
        """
def save_model(model, path):
    torch.save(dict(model.state_dict()), str(path))


def load_model(model, path):
    saved = torch.load(str(path), map_location=lambda storage, location: storage)
    with torch.no_grad():
        for name, tensor in model.state_dict().items():
            tensor.copy_(saved[name])
    return model.eval()
""",
    ),
    Mistake(
        "save_model",
        "ending_added_to_the_path",
        "file_holds_a_state_dict",
        """
def save_model(model, path):
    torch.save(model.state_dict(), str(path) + ('' if str(path).endswith('.pt') else '.pt'))


def load_model(model, path):
    path = str(path) + ("" if str(path).endswith(".pt") else ".pt")
    state = torch.load(path, map_location="cpu", weights_only=True)
    model.load_state_dict(state)
    return model
""",
        tells=("An ending is added to the path: the file is not where it was asked for."),
    ),
    Mistake(
        "save_model",
        "file_never_overwritten",
        "load_fills_the_given_model",
        """
def save_model(model, path):
    if not Path(path).exists():
        torch.save(model.state_dict(), path)


def load_model(model, path):
    state = torch.load(path, map_location="cpu", weights_only=True)
    model.load_state_dict(state)
    return model
""",
        tells=("A file that exists is not overwritten: the weights of an earlier call stay in it."),
    ),
]

MOVING_AVERAGE = [
    Mistake(
        "moving_average",
        "one_too_short",
        "averages_full_windows_only",
        """
def moving_average(values, window):
    return [sum(values[i : i + window]) / window for i in range(len(values) - window)]
""",
        tells="The last window is missing.",
    ),
    Mistake(
        "moving_average",
        "one_too_long",
        "averages_full_windows_only",
        """
def moving_average(values, window):
    return [sum(values[i : i + window]) / window for i in range(len(values) - window + 2)]
""",
        tells="There is one window too many, an incomplete one.",
    ),
    Mistake(
        "moving_average",
        "zero_padding",
        "averages_full_windows_only",
        """
def moving_average(values, window):
    return np.convolve(np.asarray(values), np.ones(window) / window, mode="same")
""",
        tells="Windows at the ends are filled up with zeros.",
    ),
    Mistake(
        "moving_average",
        "shorter_windows_at_the_start",
        "averages_full_windows_only",
        """
def moving_average(values, window):
    values = np.asarray(values)
    return [values[max(0, i - window + 1) : i + 1].mean() for i in range(len(values))]
""",
        tells="Shorter windows at the start are averaged too.",
    ),
    Mistake(
        "moving_average",
        "windows_do_not_overlap",
        (
            "averages_full_windows_only",
            "averages_are_means_of_neighbours",
            "averages_of_integers_and_arrays",
        ),
        """
def moving_average(values, window):
    values = np.asarray(values)
    return [values[i : i + window].mean() for i in range(0, len(values) - window + 1, window)]
""",
        tells="The windows do not overlap; each should begin one value later.",
    ),
    Mistake(
        "moving_average",
        "window_one_is_empty",
        "averages_full_windows_only",
        """
def moving_average(values, window):
    values = np.asarray(values, dtype=float)
    if window < 2:
        return []
    return np.convolve(values, np.ones(window) / window, mode="valid")
""",
        tells="A window of 1 gives nothing; it should give the values themselves.",
    ),
    Mistake(
        "moving_average",
        "integers_cut_off",
        "averages_of_integers_and_arrays",
        """
def moving_average(values, window):
    values = np.asarray(values)
    means = np.zeros_like(values[: len(values) - window + 1])
    for i in range(len(means)):
        means[i] = values[i : i + window].mean()
    return means
""",
        tells=("Means of integers are cut off to integers."),
    ),
    Mistake(
        "moving_average",
        "values_used_up",
        "averages_of_integers_and_arrays",
        """
def moving_average(values, window):
    means = []
    if isinstance(values, list):
        while len(values) >= window:
            means.append(sum(values[:window]) / window)
            values.pop(0)
        return means
    return [values[i : i + window].mean() for i in range(len(values) - window + 1)]
""",
        tells=("The list that is passed is used up."),
    ),
    Mistake(
        "moving_average",
        "sum_instead_of_mean",
        ("averages_are_means_of_neighbours", "averages_of_integers_and_arrays"),
        """
def moving_average(values, window):
    return [sum(values[i : i + window]) for i in range(len(values) - window + 1)]
""",
        tells=("The sums are not divided by the window."),
    ),
    Alternative(
        "moving_average",
        "slices",
        """
def moving_average(values, window):
    return [
        float(sum(values[i : i + window])) / window for i in range(len(values) - window + 1)
    ]
""",
    ),
    Alternative(
        "moving_average",
        "cumulative_sums",
        """
def moving_average(values, window):
    sums = np.concatenate([[0.0], np.cumsum(np.asarray(values, dtype=np.float64))])
    return (sums[window:] - sums[:-window]) / window
""",
    ),
    Alternative(
        "moving_average",
        "unfolded_tensor",
        """
def moving_average(values, window):
    return torch.as_tensor(values, dtype=torch.float32).unfold(0, window, 1).mean(dim=-1)
""",
    ),
    Alternative(
        "moving_average",
        "numpy_mean_of_slices",
        """
def moving_average(values, window):
    return [np.mean(values[i : i + window]) for i in range(len(values) - window + 1)]
""",
    ),
]

ACCURACY_PER_CLASS = [
    Mistake(
        "accuracy_per_class",
        "precision",
        "accuracy_is_per_true_class",
        """
def accuracy_per_class(model, loader, num_classes=10):
    modes = [(module, module.training) for module in model.modules()]
    model.eval()
    with torch.no_grad():
        pairs = [(model(images).argmax(1), labels) for images, labels in loader]
    for module, mode in modes:
        module.training = mode
    guesses, labels = (torch.cat(part) for part in zip(*pairs))
    result = {}
    for c in range(num_classes):
        chosen = guesses == c
        result[c] = (labels[chosen] == c).float().mean().item() if chosen.any() else math.nan
    return result
""",
        tells="This is the precision: it counts per predicted class, not per true class.",
    ),
    Mistake(
        "accuracy_per_class",
        "global_accuracy",
        "accuracy_is_per_true_class",
        """
def accuracy_per_class(model, loader, num_classes=10):
    modes = [(module, module.training) for module in model.modules()]
    model.eval()
    with torch.no_grad():
        pairs = [(model(images).argmax(1), labels) for images, labels in loader]
    for module, mode in modes:
        module.training = mode
    guesses, labels = (torch.cat(part) for part in zip(*pairs))
    accuracy = (guesses == labels).float().mean().item()
    return {c: accuracy if (labels == c).any() else math.nan for c in range(num_classes)}
""",
        tells="Every class gets the accuracy over all images.",
    ),
    Mistake(
        "accuracy_per_class",
        "divided_by_all_images",
        "accuracy_is_per_true_class",
        """
def accuracy_per_class(model, loader, num_classes=10):
    modes = [(module, module.training) for module in model.modules()]
    model.eval()
    with torch.no_grad():
        pairs = [(model(images).argmax(1), labels) for images, labels in loader]
    for module, mode in modes:
        module.training = mode
    guesses, labels = (torch.cat(part) for part in zip(*pairs))
    result = {}
    for c in range(num_classes):
        right = ((guesses == c) & (labels == c)).sum().item()
        result[c] = right / len(labels) if (labels == c).any() else math.nan
    return result
""",
        tells="Each class is divided by the number of all images, not by its own.",
    ),
    Mistake(
        "accuracy_per_class",
        "mean_of_batch_accuracies",
        "accuracy_is_per_true_class",
        """
def accuracy_per_class(model, loader, num_classes=10):
    modes = [(module, module.training) for module in model.modules()]
    model.eval()
    found = {c: [] for c in range(num_classes)}
    with torch.no_grad():
        for images, labels in loader:
            right = model(images).argmax(1) == labels
            for c in labels.unique().tolist():
                found[c].append(right[labels == c].float().mean().item())
    for module, mode in modes:
        module.training = mode
    return {c: sum(v) / len(v) if v else math.nan for c, v in found.items()}
""",
        tells=(
            "The batches' accuracies are averaged: batches with few images of a class count too "
            "much."
        ),
    ),
    Mistake(
        "accuracy_per_class",
        "division_by_zero",
        "absent_class_is_nan",
        """
def accuracy_per_class(model, loader, num_classes=10):
    modes = [(module, module.training) for module in model.modules()]
    model.eval()
    right, seen = [0] * num_classes, [0] * num_classes
    with torch.no_grad():
        for images, labels in loader:
            for label, guess in zip(labels.tolist(), model(images).argmax(1).tolist()):
                seen[label] += 1
                right[label] += label == guess
    for module, mode in modes:
        module.training = mode
    return {c: right[c] / seen[c] for c in range(num_classes)}
""",
        tells="A class without images is not handled: it divides by zero.",
    ),
    Mistake(
        "accuracy_per_class",
        "zero_for_absent_classes",
        "absent_class_is_nan",
        """
def accuracy_per_class(model, loader, num_classes=10):
    modes = [(module, module.training) for module in model.modules()]
    model.eval()
    right, seen = [0] * num_classes, [0] * num_classes
    with torch.no_grad():
        for images, labels in loader:
            for label, guess in zip(labels.tolist(), model(images).argmax(1).tolist()):
                seen[label] += 1
                right[label] += label == guess
    for module, mode in modes:
        module.training = mode
    return {c: right[c] / max(seen[c], 1) for c in range(num_classes)}
""",
        tells="A class without images gets 0, but its accuracy is unknown.",
    ),
    Mistake(
        "accuracy_per_class",
        "absent_classes_left_out",
        "absent_class_is_nan",
        """
def accuracy_per_class(model, loader, num_classes=10):
    modes = [(module, module.training) for module in model.modules()]
    model.eval()
    right, seen = {}, {}
    with torch.no_grad():
        for images, labels in loader:
            for label, guess in zip(labels.tolist(), model(images).argmax(1).tolist()):
                seen[label] = seen.get(label, 0) + 1
                right[label] = right.get(label, 0) + (label == guess)
    for module, mode in modes:
        module.training = mode
    return {c: right[c] / seen[c] for c in sorted(seen)}
""",
        tells="Classes without images are left out.",
    ),
    Mistake(
        "accuracy_per_class",
        "training_mode",
        "class_accuracies_leave_the_model",
        """
def accuracy_per_class(model, loader, num_classes=10):
    right, seen = [0] * num_classes, [0] * num_classes
    with torch.no_grad():
        for images, labels in loader:
            for label, guess in zip(labels.tolist(), model(images).argmax(1).tolist()):
                seen[label] += 1
                right[label] += label == guess
    return {c: right[c] / seen[c] if seen[c] else math.nan for c in range(num_classes)}
""",
        tells="The model is not switched to evaluation mode: dropout and batch norm still act.",
    ),
    Mistake(
        "accuracy_per_class",
        "mode_not_restored",
        "class_accuracies_leave_the_model",
        """
def accuracy_per_class(model, loader, num_classes=10):
    model.eval()
    right, seen = [0] * num_classes, [0] * num_classes
    with torch.no_grad():
        for images, labels in loader:
            for label, guess in zip(labels.tolist(), model(images).argmax(1).tolist()):
                seen[label] += 1
                right[label] += label == guess
    return {c: right[c] / seen[c] if seen[c] else math.nan for c in range(num_classes)}
""",
        tells="The model is left in evaluation mode.",
    ),
    Mistake(
        "accuracy_per_class",
        "modes_of_the_first_level",
        "class_accuracies_leave_the_model",
        """
def accuracy_per_class(model, loader, num_classes=10):
    modes = [(module, module.training) for module in model.children()]
    model.eval()
    right, seen = [0] * num_classes, [0] * num_classes
    with torch.no_grad():
        for images, labels in loader:
            for label, guess in zip(labels.tolist(), model(images).argmax(1).tolist()):
                seen[label] += 1
                right[label] += label == guess
    for module, mode in modes:
        module.training = mode
    return {c: right[c] / seen[c] if seen[c] else math.nan for c in range(num_classes)}
""",
        tells=("The mode is restored at the first level only, not in nested parts."),
    ),
    Mistake(
        "accuracy_per_class",
        "counts_in_default_arguments",
        ("accuracy_is_per_true_class", "absent_class_is_nan"),
        """
def accuracy_per_class(model, loader, num_classes=10, right={}, seen={}):
    modes = [(module, module.training) for module in model.modules()]
    model.eval()
    with torch.no_grad():
        for images, labels in loader:
            for label, guess in zip(labels.tolist(), model(images).argmax(1).tolist()):
                seen[label] = seen.get(label, 0) + 1
                right[label] = right.get(label, 0) + (label == guess)
    for module, mode in modes:
        module.training = mode
    return {c: right[c] / seen[c] if seen.get(c) else math.nan for c in range(num_classes)}
""",
        tells=("The counts are default arguments: they still hold those of earlier calls."),
    ),
    Alternative(
        "accuracy_per_class",
        "bincounts",
        """
@torch.no_grad()
def accuracy_per_class(model, loader, num_classes=10):
    judged = copy.deepcopy(model).eval()
    right, seen = torch.zeros(num_classes), torch.zeros(num_classes)
    for images, labels in loader:
        hits = judged(images).argmax(dim=1) == labels
        seen += torch.bincount(labels, minlength=num_classes)
        right += torch.bincount(labels[hits], minlength=num_classes)
    return dict(enumerate((right / seen).tolist()))
""",
    ),
    Alternative(
        "accuracy_per_class",
        "confusion_matrix",
        """
def accuracy_per_class(model, loader, num_classes=10):
    modes = {module: module.training for module in model.modules()}
    model.train(False)
    table = np.zeros((num_classes, num_classes))
    with torch.inference_mode():
        for images, labels in loader:
            np.add.at(table, (labels.numpy(), model(images).numpy().argmax(axis=1)), 1)
    for module, mode in modes.items():
        module.training = mode
    with np.errstate(invalid="ignore"):
        shares = table.diagonal() / table.sum(axis=1)
    return {np.int64(c): np.float64(share) for c, share in enumerate(shares)}
""",
    ),
    Alternative(
        "accuracy_per_class",
        "one_flag_for_the_model",
        """
def accuracy_per_class(model, loader, num_classes=10):
    training = model.training
    model.eval()
    with torch.no_grad():
        pairs = [(model(images).argmax(1), labels) for images, labels in loader]
    model.train(training)
    guesses, labels = (torch.cat(part) for part in zip(*pairs))
    hits = (guesses == labels).float()
    return {c: hits[labels == c].mean() for c in range(num_classes)}
""",
    ),
    Alternative(
        "accuracy_per_class",
        "copy_and_one_row_at_a_time",
        """
@torch.no_grad()
def accuracy_per_class(model, loader, num_classes=10):
    from collections import defaultdict
    twin, hits = copy.deepcopy(model).eval(), defaultdict(list)
    for x, y in loader:
        for out, label in zip(twin(x), y):
            hits[int(label)].append(float(out.argmax() == label))
    return {c: float(np.mean(hits[c])) if c in hits else float("nan") for c in range(num_classes)}
""",
    ),
]

TRAIN_BATCHES = [
    Mistake(
        "train_batches",
        "epoch_means",
        ("every_batch_has_its_loss", "every_epoch_is_a_new_pass"),
        """
def train_batches(model, loader, optimizer, loss_fn, num_epochs=1):
    model.train()
    means = []
    for _ in range(num_epochs):
        losses = []
        for images, labels in loader:
            optimizer.zero_grad()
            loss = loss_fn(model(images), labels)
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
        means.append(sum(losses) / len(losses))
    return means
""",
        tells="There is one number per epoch, not one per batch.",
    ),
    Mistake(
        "train_batches",
        "graphs_kept",
        "batch_losses_are_plain_floats",
        """
def train_batches(model, loader, optimizer, loss_fn, num_epochs=1):
    model.train()
    losses = []
    for _ in range(num_epochs):
        for images, labels in loader:
            optimizer.zero_grad()
            loss = loss_fn(model(images), labels)
            loss.backward()
            optimizer.step()
            losses.append(loss)
    return losses
""",
        tells="The list holds tensors with their graphs, not numbers.",
    ),
    Mistake(
        "train_batches",
        "detached_tensors",
        "batch_losses_are_plain_floats",
        """
def train_batches(model, loader, optimizer, loss_fn, num_epochs=1):
    model.train()
    losses = []
    for _ in range(num_epochs):
        for images, labels in loader:
            optimizer.zero_grad()
            loss = loss_fn(model(images), labels)
            loss.backward()
            optimizer.step()
            losses.append(loss.detach())
    return losses
""",
        tells="The list holds tensors, not plain numbers.",
    ),
    Mistake(
        "train_batches",
        "loss_after_the_step",
        ("every_batch_has_its_loss", "batches_run_in_training_mode"),
        """
def train_batches(model, loader, optimizer, loss_fn, num_epochs=1):
    model.train()
    losses = []
    for _ in range(num_epochs):
        for images, labels in loader:
            optimizer.zero_grad()
            loss_fn(model(images), labels).backward()
            optimizer.step()
            with torch.no_grad():
                losses.append(loss_fn(model(images), labels).item())
    return losses
""",
        tells="Each loss is measured after the step on its batch.",
    ),
    Mistake(
        "train_batches",
        "last_epoch_only",
        "every_epoch_is_a_new_pass",
        """
def train_batches(model, loader, optimizer, loss_fn, num_epochs=1):
    model.train()
    for _ in range(num_epochs):
        losses = []
        for images, labels in loader:
            optimizer.zero_grad()
            loss = loss_fn(model(images), labels)
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
    return losses
""",
        tells="Only the last epoch's losses are returned.",
    ),
    Mistake(
        "train_batches",
        "epochs_ignored",
        "every_epoch_is_a_new_pass",
        """
def train_batches(model, loader, optimizer, loss_fn, num_epochs=1):
    model.train()
    losses = []
    for images, labels in loader:
        optimizer.zero_grad()
        loss = loss_fn(model(images), labels)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses
""",
        tells="`num_epochs` makes no difference.",
    ),
    Mistake(
        "train_batches",
        "one_order_for_all_epochs",
        "every_epoch_is_a_new_pass",
        """
def train_batches(model, loader, optimizer, loss_fn, num_epochs=1):
    model.train()
    losses = []
    batches = list(loader)
    for _ in range(num_epochs):
        for images, labels in batches:
            optimizer.zero_grad()
            loss = loss_fn(model(images), labels)
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
    return losses
""",
        tells="The loader is read once, and every epoch has the same order.",
    ),
    Mistake(
        "train_batches",
        "no_zero_grad",
        "batches_take_one_step_each",
        """
def train_batches(model, loader, optimizer, loss_fn, num_epochs=1):
    model.train()
    losses = []
    for _ in range(num_epochs):
        for images, labels in loader:
            loss = loss_fn(model(images), labels)
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
    return losses
""",
        tells="The gradients are never cleared: they add up from batch to batch.",
    ),
    Mistake(
        "train_batches",
        "no_step",
        "batches_take_one_step_each",
        """
def train_batches(model, loader, optimizer, loss_fn, num_epochs=1):
    model.train()
    losses = []
    for _ in range(num_epochs):
        for images, labels in loader:
            optimizer.zero_grad()
            loss = loss_fn(model(images), labels)
            loss.backward()
            losses.append(loss.item())
    return losses
""",
        tells="No weight changes: the step is missing.",
    ),
    Mistake(
        "train_batches",
        "mode_left_as_it_came",
        "batches_run_in_training_mode",
        """
def train_batches(model, loader, optimizer, loss_fn, num_epochs=1):
    losses = []
    for _ in range(num_epochs):
        for images, labels in loader:
            optimizer.zero_grad()
            loss = loss_fn(model(images), labels)
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
    return losses
""",
        tells="The model is not switched to training mode.",
    ),
    Mistake(
        "train_batches",
        "own_loss_function",
        ("batches_take_one_step_each", "every_batch_has_its_loss"),
        """
def train_batches(model, loader, optimizer, loss_fn, num_epochs=1):
    model.train()
    losses = []
    for _ in range(num_epochs):
        for images, labels in loader:
            optimizer.zero_grad()
            loss = F.cross_entropy(model(images), labels)
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
    return losses
""",
        tells="`loss_fn` is ignored.",
    ),
    Mistake(
        "train_batches",
        "sums_over_the_batch",
        "every_batch_has_its_loss",
        """
def train_batches(model, loader, optimizer, loss_fn, num_epochs=1):
    model.train()
    losses = []
    for _ in range(num_epochs):
        for images, labels in loader:
            optimizer.zero_grad()
            loss = loss_fn(model(images), labels)
            loss.backward()
            optimizer.step()
            losses.append(loss.item() * len(labels))
    return losses
""",
        tells="Each loss is multiplied by the size of its batch.",
    ),
    Mistake(
        "train_batches",
        "images_flattened_by_the_loop",
        "batches_take_one_step_each",
        """
def train_batches(model, loader, optimizer, loss_fn, num_epochs=1):
    model.train()
    losses = []
    for _ in range(num_epochs):
        for images, labels in loader:
            optimizer.zero_grad()
            loss = loss_fn(model(images.flatten(1)), labels)
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
    return losses
""",
        tells="The loop flattens the images; that is the model's job.",
    ),
    Alternative(
        "train_batches",
        "closure_and_comprehension",
        """
def train_batches(model, loader, optimizer, loss_fn, num_epochs=1):
    def step(images, labels):
        loss = loss_fn(model(images), labels)
        model.zero_grad()
        loss.backward()
        optimizer.step()
        return float(loss)

    model.train(True)
    return [step(x, y) for _ in range(num_epochs) for x, y in loader]
""",
    ),
    Alternative(
        "train_batches",
        "train_epoch_on_single_batches",
        """
def train_batches(model, loader, optimizer, loss_fn, num_epochs=1):
    losses = []
    for epoch in range(num_epochs):
        for batch in loader:
            losses += [train_epoch(model, [batch], optimizer, loss_fn)]
    return losses
""",
    ),
]

OVERFIT_ONE_BATCH = [
    Mistake(
        "overfit_one_batch",
        "new_part_of_the_batch_each_step",
        ("overfitting_steps_on_the_whole_batch", "overfitting_measures_before_each_step"),
        """
def overfit_one_batch(model, images, labels, optimizer, num_steps):
    model.train()
    losses = []
    for _ in range(num_steps):
        optimizer.zero_grad()
        rows = torch.randperm(len(labels))[: len(labels) // 2]
        loss = F.cross_entropy(model(images[rows]), labels[rows])
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses
""",
        tells="Each step is on a part of the batch.",
    ),
    Mistake(
        "overfit_one_batch",
        "evaluation_mode",
        "overfitting_runs_in_training_mode",
        """
def overfit_one_batch(model, images, labels, optimizer, num_steps):
    model.eval()
    losses = []
    for _ in range(num_steps):
        optimizer.zero_grad()
        loss = F.cross_entropy(model(images), labels)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses
""",
        tells="The model trains in evaluation mode.",
    ),
    Mistake(
        "overfit_one_batch",
        "mode_left_as_it_came",
        "overfitting_runs_in_training_mode",
        """
def overfit_one_batch(model, images, labels, optimizer, num_steps):
    losses = []
    for _ in range(num_steps):
        optimizer.zero_grad()
        loss = F.cross_entropy(model(images), labels)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses
""",
        tells="The model is not switched to training mode.",
    ),
    Mistake(
        "overfit_one_batch",
        "loss_after_the_step",
        ("overfitting_measures_before_each_step", "overfitting_runs_in_training_mode"),
        """
def overfit_one_batch(model, images, labels, optimizer, num_steps):
    model.train()
    losses = []
    for _ in range(num_steps):
        optimizer.zero_grad()
        loss = F.cross_entropy(model(images), labels)
        loss.backward()
        optimizer.step()
        with torch.no_grad():
            losses.append(F.cross_entropy(model(images), labels).item())
    return losses
""",
        tells="Each loss is measured after its step.",
    ),
    Mistake(
        "overfit_one_batch",
        "tensors_kept",
        "overfitting_takes_so_many_steps",
        """
def overfit_one_batch(model, images, labels, optimizer, num_steps):
    model.train()
    losses = []
    for _ in range(num_steps):
        optimizer.zero_grad()
        loss = F.cross_entropy(model(images), labels)
        loss.backward()
        optimizer.step()
        losses.append(loss)
    return losses
""",
        tells="The list holds tensors with their graphs, not numbers.",
    ),
    Mistake(
        "overfit_one_batch",
        "one_number_more",
        ("overfitting_takes_so_many_steps", "overfitting_runs_in_training_mode"),
        """
def overfit_one_batch(model, images, labels, optimizer, num_steps):
    model.train()
    losses = []
    for _ in range(num_steps):
        optimizer.zero_grad()
        loss = F.cross_entropy(model(images), labels)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    losses.append(F.cross_entropy(model(images), labels).item())
    return losses
""",
        tells="There is one number more than steps.",
    ),
    Mistake(
        "overfit_one_batch",
        "no_zero_grad",
        "overfitting_steps_on_the_whole_batch",
        """
def overfit_one_batch(model, images, labels, optimizer, num_steps):
    model.train()
    losses = []
    for _ in range(num_steps):
        loss = F.cross_entropy(model(images), labels)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses
""",
        tells="The gradients are never cleared: they add up from step to step.",
    ),
    Mistake(
        "overfit_one_batch",
        "images_flattened",
        "overfitting_steps_on_the_whole_batch",
        """
def overfit_one_batch(model, images, labels, optimizer, num_steps):
    model.train()
    losses = []
    for _ in range(num_steps):
        optimizer.zero_grad()
        loss = F.cross_entropy(model(images.flatten(1)), labels)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses
""",
        tells="The loop flattens the images; that is the model's job.",
    ),
    Mistake(
        "overfit_one_batch",
        "sum_over_the_batch",
        ("overfitting_steps_on_the_whole_batch", "overfitting_measures_before_each_step"),
        """
def overfit_one_batch(model, images, labels, optimizer, num_steps):
    model.train()
    losses = []
    for _ in range(num_steps):
        optimizer.zero_grad()
        loss = F.cross_entropy(model(images), labels, reduction="sum")
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses
""",
        tells="The loss is summed over the batch, not averaged.",
    ),
    Alternative(
        "overfit_one_batch",
        "through_train_batches",
        """
def overfit_one_batch(model, images, labels, optimizer, num_steps):
    return train_batches(model, [(images, labels)] * num_steps, optimizer, F.cross_entropy)
""",
    ),
    Alternative(
        "overfit_one_batch",
        "log_softmax_written_out",
        """
def overfit_one_batch(model, images, labels, optimizer, num_steps):
    losses, rows = [], torch.arange(len(labels))
    while len(losses) < num_steps:
        model.train()
        logits = model(images)
        loss = (logits.logsumexp(1) - logits[rows, labels]).mean()
        optimizer.zero_grad()
        loss.backward()
        losses.append(float(loss))
        optimizer.step()
    return losses
""",
    ),
]

TRAIN_MANY = [
    Mistake(
        "train_many",
        "order_drawn_for_each_model",
        "many_see_one_order",
        """
def train_many(num_models, make_model, make_optimizer, loader, loss_fn):
    models, losses = [], []
    for _ in range(num_models):
        model = make_model()
        optimizer = make_optimizer(model.parameters())
        losses.append(train_batches(model, loader, optimizer, loss_fn))
        models.append(model)
    return models, losses
""",
        tells="Every model sees an order of its own.",
    ),
    Mistake(
        "train_many",
        "one_model_repeated",
        ("many_have_models_and_optimizers_of_their_own", "many_losses_stay_with_their_models"),
        """
def train_many(num_models, make_model, make_optimizer, loader, loss_fn):
    batches = list(loader)
    model = make_model()
    models, losses = [], []
    for _ in range(num_models):
        optimizer = make_optimizer(model.parameters())
        losses.append(train_batches(model, batches, optimizer, loss_fn))
        models.append(model)
    return models, losses
""",
        tells="There is only one model, again and again.",
    ),
    Mistake(
        "train_many",
        "one_optimizer_for_all",
        "many_have_models_and_optimizers_of_their_own",
        """
def train_many(num_models, make_model, make_optimizer, loader, loss_fn):
    batches = list(loader)
    models = [make_model() for _ in range(num_models)]
    optimizer = make_optimizer(models[0].parameters())
    return models, [train_batches(model, batches, optimizer, loss_fn) for model in models]
""",
        tells="There is one optimizer for all models, and it holds the first one's parameters.",
    ),
    Mistake(
        "train_many",
        "optimizers_of_the_first_model",
        "many_have_models_and_optimizers_of_their_own",
        """
def train_many(num_models, make_model, make_optimizer, loader, loss_fn):
    batches = list(loader)
    models = [make_model() for _ in range(num_models)]
    losses = []
    for model in models:
        optimizer = make_optimizer(models[0].parameters())
        losses.append(train_batches(model, batches, optimizer, loss_fn))
    return models, losses
""",
        tells="Each optimizer holds the parameters of the first model.",
    ),
    Mistake(
        "train_many",
        "one_list_of_losses",
        ("many_losses_stay_with_their_models",),
        """
def train_many(num_models, make_model, make_optimizer, loader, loss_fn):
    batches = list(loader)
    models, losses = [], [[]] * num_models
    for index in range(num_models):
        model = make_model()
        optimizer = make_optimizer(model.parameters())
        losses[index] += train_batches(model, batches, optimizer, loss_fn)
        models.append(model)
    return models, losses
""",
        tells="All models share one list of losses.",
    ),
    Mistake(
        "train_many",
        "losses_in_another_order",
        "many_losses_stay_with_their_models",
        """
def train_many(num_models, make_model, make_optimizer, loader, loss_fn):
    batches = list(loader)
    models, losses = [], []
    for _ in range(num_models):
        model = make_model()
        optimizer = make_optimizer(model.parameters())
        losses.insert(0, train_batches(model, batches, optimizer, loss_fn))
        models.append(model)
    return models, losses
""",
        tells="The lists of losses stand in another order than the models.",
    ),
    Mistake(
        "train_many",
        "two_passes",
        "many_train_for_one_pass",
        """
def train_many(num_models, make_model, make_optimizer, loader, loss_fn):
    batches = list(loader)
    models, losses = [], []
    for _ in range(num_models):
        model = make_model()
        optimizer = make_optimizer(model.parameters())
        losses.append(train_batches(model, batches, optimizer, loss_fn, num_epochs=2))
        models.append(model)
    return models, losses
""",
        tells="Each model is trained for more than one pass.",
    ),
    Mistake(
        "train_many",
        "copies_of_the_first_start",
        ("many_have_models_and_optimizers_of_their_own", "many_losses_stay_with_their_models"),
        """
def train_many(num_models, make_model, make_optimizer, loader, loss_fn):
    batches = list(loader)
    first = make_model()
    models = [copy.deepcopy(first) for _ in range(num_models)]
    losses = [
        train_batches(model, batches, make_optimizer(model.parameters()), loss_fn)
        for model in models
    ]
    return models, losses
""",
        tells="All models are copies of one start: `make_model` is called once.",
    ),
    Alternative(
        "train_many",
        "models_beside_each_other",
        """
def train_many(num_models, make_model, make_optimizer, loader, loss_fn):
    models = [make_model().train() for _ in range(num_models)]
    optimizers = [make_optimizer(model.parameters()) for model in models]
    losses = [[] for _ in models]
    for images, labels in loader:
        for model, optimizer, record in zip(models, optimizers, losses):
            optimizer.zero_grad()
            loss = loss_fn(model(images), labels)
            loss.backward()
            optimizer.step()
            record.append(loss.item())
    return models, losses
""",
    ),
    Alternative(
        "train_many",
        "pairs_unzipped",
        """
def train_many(num_models, make_model, make_optimizer, loader, loss_fn):
    data = tuple(loader)

    def trained():
        model = make_model()
        return model, train_batches(model, data, make_optimizer(model.parameters()), loss_fn)

    models, losses = zip(*(trained() for _ in range(num_models)))
    return list(models), list(losses)
""",
    ),
]

MSE_ON_ONEHOT = [
    Mistake(
        "mse_on_onehot",
        "softmax_inside",
        "mse_is_the_mean_over_all_entries",
        """
def mse_on_onehot(outputs, labels):
    targets = F.one_hot(labels, outputs.shape[1])
    return (outputs.softmax(1) - targets).square().mean()
""",
        tells="A softmax is applied to the outputs first.",
    ),
    Mistake(
        "mse_on_onehot",
        "sum_over_the_classes",
        "mse_is_the_mean_over_all_entries",
        """
def mse_on_onehot(outputs, labels):
    targets = F.one_hot(labels, outputs.shape[1])
    return (outputs - targets).square().sum(1).mean()
""",
        tells="The squares are summed over the classes, not averaged.",
    ),
    Mistake(
        "mse_on_onehot",
        "sum_of_all",
        "mse_is_the_mean_over_all_entries",
        """
def mse_on_onehot(outputs, labels):
    targets = F.one_hot(labels, outputs.shape[1])
    return (outputs - targets).square().sum()
""",
        tells="The squares are summed, not averaged.",
    ),
    Mistake(
        "mse_on_onehot",
        "labels_as_one_column",
        "mse_is_the_mean_over_all_entries",
        """
def mse_on_onehot(outputs, labels):
    return (outputs - labels[:, None]).square().mean()
""",
        tells="The class numbers themselves are taken for targets.",
    ),
    Mistake(
        "mse_on_onehot",
        "right_class_only",
        "mse_is_the_mean_over_all_entries",
        """
def mse_on_onehot(outputs, labels):
    return (outputs[torch.arange(len(labels)), labels] - 1).square().mean()
""",
        tells="Only the output of the right class counts.",
    ),
    Mistake(
        "mse_on_onehot",
        "as_wide_as_the_labels",
        ("mse_is_the_mean_over_all_entries", "mse_can_be_minimised", "mse_leaves_the_outputs"),
        """
def mse_on_onehot(outputs, labels):
    return (outputs - F.one_hot(labels)).square().mean()
""",
        tells="The one-hot labels are as wide as the largest label of the batch.",
    ),
    Mistake(
        "mse_on_onehot",
        "a_number",
        "mse_can_be_minimised",
        """
def mse_on_onehot(outputs, labels):
    targets = F.one_hot(labels, outputs.shape[1])
    return torch.tensor((outputs - targets).square().mean().item())
""",
        tells="The result is a number without a graph: nothing can be minimised.",
    ),
    Mistake(
        "mse_on_onehot",
        "outputs_overwritten",
        "mse_leaves_the_outputs",
        """
def mse_on_onehot(outputs, labels):
    outputs -= F.one_hot(labels, outputs.shape[1])
    return outputs.square().mean()
""",
        tells="The outputs are changed in place.",
    ),
    Mistake(
        "mse_on_onehot",
        "root_taken",
        "mse_is_the_mean_over_all_entries",
        """
def mse_on_onehot(outputs, labels):
    targets = F.one_hot(labels, outputs.shape[1])
    return (outputs - targets).square().mean().sqrt()
""",
        tells="The root is taken, too.",
    ),
    Mistake(
        "mse_on_onehot",
        "halved",
        "mse_is_the_mean_over_all_entries",
        """
def mse_on_onehot(outputs, labels):
    targets = F.one_hot(labels, outputs.shape[1])
    return (outputs - targets).square().mean() / 2
""",
        tells="The mean is divided by two.",
    ),
    Alternative(
        "mse_on_onehot",
        "library_loss",
        """
def mse_on_onehot(outputs, labels):
    targets = torch.zeros_like(outputs)
    targets[torch.arange(len(labels)), labels] = 1.0
    return nn.MSELoss()(outputs, targets)
""",
    ),
    Alternative(
        "mse_on_onehot",
        "expanded_square",
        """
def mse_on_onehot(outputs, labels):
    right = outputs.gather(1, labels.unsqueeze(1)).squeeze(1)
    per_image = outputs.pow(2).sum(dim=1) - 2 * right + 1
    return per_image.mean() / outputs.size(1)
""",
    ),
    Alternative(
        "mse_on_onehot",
        "rows_of_the_identity",
        """
def mse_on_onehot(outputs, labels):
    return torch.mean((torch.eye(outputs.shape[-1])[labels] - outputs) ** 2)
""",
    ),
]

ANSWERS = [
    *TRAIN_EPOCH,
    *EVALUATE,
    *TRAINER,
    *SAVE_MODEL,
    *MOVING_AVERAGE,
    *ACCURACY_PER_CLASS,
    *TRAIN_BATCHES,
    *OVERFIT_ONE_BATCH,
    *TRAIN_MANY,
    *MSE_ON_ONEHOT,
]
