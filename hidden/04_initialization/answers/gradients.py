"""Answers of assignment 04: measuring gradients."""

from autograder.checking import Alternative, Mistake

ANSWERS: list[Mistake | Alternative] = [
    Mistake(
        "gradient_rms",
        "gradients_accumulated",
        "gradients_as_they_were",
        """\
def gradient_rms(model, x, y):
    modes = [(module, module.training) for module in model.modules()]
    weights = [module.weight for module in model.modules() if isinstance(module, nn.Linear)]
    model.eval()
    F.cross_entropy(model(x), y).backward()
    for module, mode in modes:
        module.training = mode
    return [weight.grad.square().mean().sqrt().item() for weight in weights]
""",
        tells="`backward` adds to the gradients that were there before.",
    ),
    Mistake(
        "gradient_rms",
        "gradients_cleared_before",
        "gradients_as_they_were",
        """\
def gradient_rms(model, x, y):
    modes = [(module, module.training) for module in model.modules()]
    weights = [module.weight for module in model.modules() if isinstance(module, nn.Linear)]
    model.eval()
    model.zero_grad()
    F.cross_entropy(model(x), y).backward()
    gradients = [weight.grad.clone() for weight in weights]
    model.zero_grad()
    for module, mode in modes:
        module.training = mode
    return [gradient.square().mean().sqrt().item() for gradient in gradients]
""",
        tells="Gradients that were there before are gone.",
    ),
    Mistake(
        "gradient_rms",
        "zeros_where_none_was",
        "gradients_as_they_were",
        """\
def gradient_rms(model, x, y):
    modes = [(module, module.training) for module in model.modules()]
    weights = [module.weight for module in model.modules() if isinstance(module, nn.Linear)]
    model.eval()
    old = [torch.zeros_like(p) if p.grad is None else p.grad for p in model.parameters()]
    model.zero_grad()
    F.cross_entropy(model(x), y).backward()
    gradients = [weight.grad for weight in weights]
    for p, gradient in zip(model.parameters(), old):
        p.grad = gradient
    for module, mode in modes:
        module.training = mode
    return [gradient.square().mean().sqrt().item() for gradient in gradients]
""",
        tells="A gradient that was None is zeros afterwards.",
    ),
    Mistake(
        "gradient_rms",
        "old_gradients_kept_by_reference",
        "gradients_as_they_were",
        """\
def gradient_rms(model, x, y):
    modes = [(module, module.training) for module in model.modules()]
    weights = [module.weight for module in model.modules() if isinstance(module, nn.Linear)]
    model.eval()
    old = [p.grad for p in model.parameters()]
    model.zero_grad(set_to_none=False)
    F.cross_entropy(model(x), y).backward()
    gradients = [weight.grad.clone() for weight in weights]
    for p, gradient in zip(model.parameters(), old):
        p.grad = gradient
    for module, mode in modes:
        module.training = mode
    return [gradient.square().mean().sqrt().item() for gradient in gradients]
""",
        tells="The old gradients were kept without a copy and are overwritten.",
    ),
    Mistake(
        "gradient_rms",
        "weights_restored_only",
        "gradients_as_they_were",
        """\
def gradient_rms(model, x, y):
    modes = [(module, module.training) for module in model.modules()]
    weights = [module.weight for module in model.modules() if isinstance(module, nn.Linear)]
    model.eval()
    old = [weight.grad for weight in weights]
    for weight in weights:
        weight.grad = None
    F.cross_entropy(model(x), y).backward()
    gradients = [weight.grad for weight in weights]
    for weight, gradient in zip(weights, old):
        weight.grad = gradient
    for module, mode in modes:
        module.training = mode
    return [gradient.square().mean().sqrt().item() for gradient in gradients]
""",
        tells="Only the weights' gradients are put back; those of the biases are not.",
    ),
    Mistake(
        "gradient_rms",
        "difference_to_the_old_gradients",
        "gradients_as_they_were",
        """\
def gradient_rms(model, x, y):
    modes = [(module, module.training) for module in model.modules()]
    weights = [module.weight for module in model.modules() if isinstance(module, nn.Linear)]
    model.eval()
    old = [0 if weight.grad is None else weight.grad.clone() for weight in weights]
    F.cross_entropy(model(x), y).backward()
    gradients = [weight.grad - before for weight, before in zip(weights, old)]
    for module, mode in modes:
        module.training = mode
    return [gradient.square().mean().sqrt().item() for gradient in gradients]
""",
        tells="The new gradients are left added to the old ones.",
    ),
    Mistake(
        "gradient_rms",
        "summed_loss",
        "rms_of_weight_gradients",
        """\
def gradient_rms(model, x, y):
    modes = [(module, module.training) for module in model.modules()]
    weights = [module.weight for module in model.modules() if isinstance(module, nn.Linear)]
    model.eval()
    gradients = torch.autograd.grad(F.cross_entropy(model(x), y, reduction="sum"), weights)
    for module, mode in modes:
        module.training = mode
    return [gradient.square().mean().sqrt().item() for gradient in gradients]
""",
        tells="The loss is summed over the batch; the mean was asked for.",
    ),
    Mistake(
        "gradient_rms",
        "last_layer_first",
        ("rms_of_weight_gradients", "weights_of_every_linear"),
        """\
def gradient_rms(model, x, y):
    modes = [(module, module.training) for module in model.modules()]
    weights = [module.weight for module in model.modules() if isinstance(module, nn.Linear)]
    model.eval()
    gradients = torch.autograd.grad(F.cross_entropy(model(x), y), weights)
    for module, mode in modes:
        module.training = mode
    return [gradient.square().mean().sqrt().item() for gradient in gradients[::-1]]
""",
        tells="The last layer comes first.",
    ),
    Mistake(
        "gradient_rms",
        "all_parameters",
        ("rms_of_weight_gradients", "weights_of_every_linear", "gradients_leave_no_trace"),
        """\
def gradient_rms(model, x, y):
    modes = [(module, module.training) for module in model.modules()]
    weights = list(model.parameters())
    model.eval()
    gradients = torch.autograd.grad(F.cross_entropy(model(x), y), weights)
    for module, mode in modes:
        module.training = mode
    return [gradient.square().mean().sqrt().item() for gradient in gradients]
""",
        tells="Biases and other parameters are measured too.",
    ),
    Mistake(
        "gradient_rms",
        "every_weight",
        "weights_of_every_linear",
        """\
def gradient_rms(model, x, y):
    modes = [(module, module.training) for module in model.modules()]
    weights = [p for name, p in model.named_parameters() if name.endswith("weight")]
    model.eval()
    gradients = torch.autograd.grad(F.cross_entropy(model(x), y), weights)
    for module, mode in modes:
        module.training = mode
    return [gradient.square().mean().sqrt().item() for gradient in gradients]
""",
        tells="Weights of layers other than the linear ones are measured too.",
    ),
    Mistake(
        "gradient_rms",
        "every_matrix",
        "weights_of_every_linear",
        """\
def gradient_rms(model, x, y):
    modes = [(module, module.training) for module in model.modules()]
    weights = [p for p in model.parameters() if p.ndim > 1]
    model.eval()
    gradients = torch.autograd.grad(F.cross_entropy(model(x), y), weights)
    for module, mode in modes:
        module.training = mode
    return [gradient.square().mean().sqrt().item() for gradient in gradients]
""",
        tells="Matrices of layers other than the linear ones are measured too.",
    ),
    Mistake(
        "gradient_rms",
        "top_level_only",
        "weights_of_every_linear",
        """\
def gradient_rms(model, x, y):
    modes = [(module, module.training) for module in model.modules()]
    weights = [module.weight for module in model.children() if isinstance(module, nn.Linear)]
    model.eval()
    gradients = torch.autograd.grad(F.cross_entropy(model(x), y), weights)
    for module, mode in modes:
        module.training = mode
    return [gradient.square().mean().sqrt().item() for gradient in gradients]
""",
        tells="Only layers directly in the model are found, not those inside its parts.",
    ),
    Mistake(
        "gradient_rms",
        "standard_deviation",
        "rms_of_weight_gradients",
        """\
def gradient_rms(model, x, y):
    modes = [(module, module.training) for module in model.modules()]
    weights = [module.weight for module in model.modules() if isinstance(module, nn.Linear)]
    model.eval()
    gradients = torch.autograd.grad(F.cross_entropy(model(x), y), weights)
    for module, mode in modes:
        module.training = mode
    return [gradient.std().item() for gradient in gradients]
""",
        tells="This is the standard deviation: it leaves out the mean.",
    ),
    Mistake(
        "gradient_rms",
        "norm",
        "rms_of_weight_gradients",
        """\
def gradient_rms(model, x, y):
    modes = [(module, module.training) for module in model.modules()]
    weights = [module.weight for module in model.modules() if isinstance(module, nn.Linear)]
    model.eval()
    gradients = torch.autograd.grad(F.cross_entropy(model(x), y), weights)
    for module, mode in modes:
        module.training = mode
    return [gradient.norm().item() for gradient in gradients]
""",
        tells="This is the norm: it grows with the number of weights.",
    ),
    Mistake(
        "gradient_rms",
        "softmax_before_the_loss",
        "rms_of_weight_gradients",
        """\
def gradient_rms(model, x, y):
    modes = [(module, module.training) for module in model.modules()]
    weights = [module.weight for module in model.modules() if isinstance(module, nn.Linear)]
    model.eval()
    gradients = torch.autograd.grad(F.cross_entropy(model(x).softmax(1), y), weights)
    for module, mode in modes:
        module.training = mode
    return [gradient.square().mean().sqrt().item() for gradient in gradients]
""",
        tells="A softmax stands before the cross-entropy, which applies one itself.",
    ),
    Mistake(
        "gradient_rms",
        "squared_error",
        "rms_of_weight_gradients",
        """\
def gradient_rms(model, x, y):
    modes = [(module, module.training) for module in model.modules()]
    weights = [module.weight for module in model.modules() if isinstance(module, nn.Linear)]
    model.eval()
    gradients = torch.autograd.grad(F.mse_loss(model(x), F.one_hot(y, 4).float()), weights)
    for module, mode in modes:
        module.training = mode
    return [gradient.square().mean().sqrt().item() for gradient in gradients]
""",
        tells="The loss is the squared error, not the cross-entropy.",
    ),
    Mistake(
        "gradient_rms",
        "rms_of_the_weights",
        (
            "rms_of_weight_gradients",
            "weights_of_every_linear",
            "gradients_as_they_were",
            "gradients_in_evaluation_mode",
            "gradients_leave_no_trace",
        ),
        """\
def gradient_rms(model, x, y):
    modes = [(module, module.training) for module in model.modules()]
    weights = [module.weight for module in model.modules() if isinstance(module, nn.Linear)]
    model.eval()
    gradients = torch.autograd.grad(F.cross_entropy(model(x), y), weights)
    for module, mode in modes:
        module.training = mode
    return [gradient.square().mean().sqrt().item() for gradient in weights]
""",
        tells="The weights are measured, not their gradients.",
    ),
    Mistake(
        "gradient_rms",
        "in_the_mode_it_is_in",
        "gradients_in_evaluation_mode",
        """\
def gradient_rms(model, x, y):
    modes = [(module, module.training) for module in model.modules()]
    weights = [module.weight for module in model.modules() if isinstance(module, nn.Linear)]
    gradients = torch.autograd.grad(F.cross_entropy(model(x), y), weights)
    for module, mode in modes:
        module.training = mode
    return [gradient.square().mean().sqrt().item() for gradient in gradients]
""",
        tells="The model is not switched to evaluation mode.",
    ),
    Mistake(
        "gradient_rms",
        "left_in_evaluation_mode",
        "gradients_leave_no_trace",
        """\
def gradient_rms(model, x, y):
    modes = [(module, module.training) for module in model.modules()]
    weights = [module.weight for module in model.modules() if isinstance(module, nn.Linear)]
    model.eval()
    gradients = torch.autograd.grad(F.cross_entropy(model(x), y), weights)
    return [gradient.square().mean().sqrt().item() for gradient in gradients]
""",
        tells="The model is left in evaluation mode.",
    ),
    Mistake(
        "gradient_rms",
        "one_mode_for_all",
        "gradients_leave_no_trace",
        """\
def gradient_rms(model, x, y):
    training = model.training
    weights = [module.weight for module in model.modules() if isinstance(module, nn.Linear)]
    model.eval()
    gradients = torch.autograd.grad(F.cross_entropy(model(x), y), weights)
    model.train(training)
    return [gradient.square().mean().sqrt().item() for gradient in gradients]
""",
        tells="One mode is put back on all parts; some may have had another.",
    ),
    Mistake(
        "gradient_rms",
        "one_step_of_training",
        "gradients_leave_no_trace",
        """\
def gradient_rms(model, x, y):
    modes = [(module, module.training) for module in model.modules()]
    weights = [module.weight for module in model.modules() if isinstance(module, nn.Linear)]
    model.eval()
    gradients = torch.autograd.grad(F.cross_entropy(model(x), y), weights)
    with torch.no_grad():
        for weight, gradient in zip(weights, gradients):
            weight -= 0.01 * gradient
    for module, mode in modes:
        module.training = mode
    return [gradient.square().mean().sqrt().item() for gradient in gradients]
""",
        tells="The weights are changed: measuring should not train.",
    ),
    Alternative(
        "gradient_rms",
        "backward_and_put_back",
        """\
def gradient_rms(model, x, y):
    before = [None if p.grad is None else p.grad.clone() for p in model.parameters()]
    modes = {module: module.training for module in model.modules()}
    try:
        model.zero_grad(set_to_none=True)
        nn.CrossEntropyLoss()(model.eval()(x), y).backward()
        return [
            (module.weight.grad**2).mean() ** 0.5
            for module in model.modules()
            if isinstance(module, nn.Linear)
        ]
    finally:
        for p, gradient in zip(model.parameters(), before):
            p.grad = gradient
        for module, mode in modes.items():
            module.training = mode
""",
    ),
    Alternative(
        "gradient_rms",
        "measured_on_a_copy",
        """\
import copy


def gradient_rms(model, x, y):
    twin = copy.deepcopy(model)
    twin.eval()
    for p in twin.parameters():
        p.grad = None
    log_probabilities = twin(x).log_softmax(dim=1)
    (-log_probabilities[torch.arange(len(y)), y]).mean().backward()
    return np.array([
        np.sqrt(np.mean(np.square(module.weight.grad.numpy(), dtype=np.float64)))
        for module in twin.modules()
        if isinstance(module, nn.Linear)
    ])
""",
    ),
    Alternative(
        "gradient_rms",
        "functional_call",
        """\
def gradient_rms(model, x, y):
    modes = [(module, module.training) for module in model.modules()]
    names = [f"{n}.weight" for n, m in model.named_modules() if isinstance(m, nn.Linear)]
    parameters = {n: p.detach() for n, p in model.named_parameters()}

    def loss(parameters):
        return F.cross_entropy(torch.func.functional_call(model, parameters, (x,)), y)

    model.eval()
    gradients = torch.func.grad(loss)(parameters)
    for module, mode in modes:
        module.training = mode
    return torch.stack([gradients[name].pow(2).mean().sqrt() for name in names])
""",
    ),
    Alternative(
        "gradient_rms",
        "one_weight_at_a_time",
        """\
def gradient_rms(model, x, y, loss_fn=F.cross_entropy):
    modes = [(module, module.training) for module in model.modules()]
    model.eval()
    loss = loss_fn(model(x), y)
    linears = filter(lambda module: isinstance(module, nn.Linear), model.modules())
    result = []
    for linear in linears:
        (gradient,) = torch.autograd.grad(loss, linear.weight, retain_graph=True)
        result.append(gradient.norm().item() / gradient.numel() ** 0.5)
    for module, mode in modes:
        module.training = mode
    return tuple(result)
""",
    ),
    Mistake(
        "gradient_rms",
        "exact_class_only",
        "weights_of_every_linear",
        """\
def gradient_rms(model, x, y):
    modes = [(module, module.training) for module in model.modules()]
    weights = [module.weight for module in model.modules() if type(module) is nn.Linear]
    try:
        model.eval()
        gradients = torch.autograd.grad(F.cross_entropy(model(x), y), weights)
    finally:
        for module, mode in modes:
            module.training = mode
    return [gradient.square().mean().sqrt().item() for gradient in gradients]
""",
        tells="Subclasses of `nn.Linear` are missed.",
    ),
    Mistake(
        "gradient_rms",
        "graph_kept",
        "gradients_leave_no_trace",
        """\
def gradient_rms(model, x, y):
    modes = [(module, module.training) for module in model.modules()]
    weights = [module.weight for module in model.modules() if isinstance(module, nn.Linear)]
    try:
        model.eval()
        gradients = torch.autograd.grad(F.cross_entropy(model(x), y), weights, create_graph=True)
    finally:
        for module, mode in modes:
            module.training = mode
    return [gradient.square().mean().sqrt() for gradient in gradients]
""",
        tells="The numbers are tensors with a graph; floats were asked for.",
    ),
    Mistake(
        "gradient_rms",
        "mean_of_absolute_values",
        "rms_of_weight_gradients",
        """\
def gradient_rms(model, x, y):
    modes = [(module, module.training) for module in model.modules()]
    weights = [module.weight for module in model.modules() if isinstance(module, nn.Linear)]
    try:
        model.eval()
        gradients = torch.autograd.grad(F.cross_entropy(model(x), y), weights)
    finally:
        for module, mode in modes:
            module.training = mode
    return [gradient.abs().mean().item() for gradient in gradients]
""",
        tells="This is the mean of absolute values.",
    ),
    Mistake(
        "gradient_rms",
        "mean_square",
        "rms_of_weight_gradients",
        """\
def gradient_rms(model, x, y):
    modes = [(module, module.training) for module in model.modules()]
    weights = [module.weight for module in model.modules() if isinstance(module, nn.Linear)]
    try:
        model.eval()
        gradients = torch.autograd.grad(F.cross_entropy(model(x), y), weights)
    finally:
        for module, mode in modes:
            module.training = mode
    return [gradient.square().mean().item() for gradient in gradients]
""",
        tells="This is the mean square: the root is missing.",
    ),
    Mistake(
        "gradient_rms",
        "biases_for_weights",
        ("rms_of_weight_gradients", "gradients_as_they_were"),
        """\
def gradient_rms(model, x, y):
    modes = [(module, module.training) for module in model.modules()]
    weights = [module.bias for module in model.modules() if isinstance(module, nn.Linear) and module.bias is not None]
    try:
        model.eval()
        gradients = torch.autograd.grad(F.cross_entropy(model(x), y), weights)
    finally:
        for module, mode in modes:
            module.training = mode
    return [gradient.square().mean().sqrt().item() for gradient in gradients]
""",
        tells="The biases are measured, not the weights.",
    ),
    Mistake(
        "gradient_rms",
        "predicted_labels",
        "rms_of_weight_gradients",
        """\
def gradient_rms(model, x, y):
    modes = [(module, module.training) for module in model.modules()]
    weights = [module.weight for module in model.modules() if isinstance(module, nn.Linear)]
    try:
        model.eval()
        gradients = torch.autograd.grad(F.cross_entropy(model(x), model(x).argmax(1)), weights)
    finally:
        for module, mode in modes:
            module.training = mode
    return [gradient.square().mean().sqrt().item() for gradient in gradients]
""",
        tells="The model's own predictions are taken for the labels.",
    ),
    Mistake(
        "gradient_rms",
        "sum_of_outputs",
        "rms_of_weight_gradients",
        """\
def gradient_rms(model, x, y):
    modes = [(module, module.training) for module in model.modules()]
    weights = [module.weight for module in model.modules() if isinstance(module, nn.Linear)]
    try:
        model.eval()
        gradients = torch.autograd.grad(model(x).sum(), weights)
    finally:
        for module, mode in modes:
            module.training = mode
    return [gradient.square().mean().sqrt().item() for gradient in gradients]
""",
        tells="The outputs are summed; the cross-entropy was asked for.",
    ),
    Mistake(
        "gradient_rms",
        "all_parameters_set_free",
        "gradients_leave_no_trace",
        """\
def gradient_rms(model, x, y):
    modes = [(module, module.training) for module in model.modules()]
    weights = [module.weight for module in model.modules() if isinstance(module, nn.Linear)]
    try:
        model.eval()
        model.requires_grad_(True)
        gradients = torch.autograd.grad(F.cross_entropy(model(x), y), weights)
    finally:
        for module, mode in modes:
            module.training = mode
    return [gradient.square().mean().sqrt().item() for gradient in gradients]
""",
        tells="Frozen parameters require gradients afterwards.",
    ),
    Mistake(
        "gradient_rms",
        "batch_norm_in_training_mode",
        ("gradients_in_evaluation_mode", "weights_of_every_linear"),
        """\
def gradient_rms(model, x, y):
    modes = [(module, module.training) for module in model.modules()]
    weights = [module.weight for module in model.modules() if isinstance(module, nn.Linear)]
    try:
        model.eval()
        [m.train() for m in model.modules() if isinstance(m, nn.BatchNorm1d)]
        gradients = torch.autograd.grad(F.cross_entropy(model(x), y), weights)
    finally:
        for module, mode in modes:
            module.training = mode
    return [gradient.square().mean().sqrt().item() for gradient in gradients]
""",
        tells="Batch norm stays in training mode.",
    ),
    Mistake(
        "gradient_rms",
        "first_sample_only",
        "rms_of_weight_gradients",
        """\
def gradient_rms(model, x, y):
    modes = [(module, module.training) for module in model.modules()]
    weights = [module.weight for module in model.modules() if isinstance(module, nn.Linear)]
    try:
        model.eval()
        gradients = torch.autograd.grad(F.cross_entropy(model(x[:1]), y[:1]), weights)
    finally:
        for module, mode in modes:
            module.training = mode
    return [gradient.square().mean().sqrt().item() for gradient in gradients]
""",
        tells="Only the first sample is used.",
    ),
    Mistake(
        "gradient_rms",
        "every_flat_matrix",
        "weights_of_every_linear",
        """\
def gradient_rms(model, x, y):
    modes = [(module, module.training) for module in model.modules()]
    weights = [p for p in model.parameters() if p.ndim == 2]
    try:
        model.eval()
        gradients = torch.autograd.grad(F.cross_entropy(model(x), y), weights)
    finally:
        for module, mode in modes:
            module.training = mode
    return [gradient.square().mean().sqrt().item() for gradient in gradients]
""",
        tells="Every matrix is measured; not each belongs to a linear layer.",
    ),
    Mistake(
        "gradient_rms",
        "constant",
        (
            "rms_of_weight_gradients",
            "weights_of_every_linear",
            "gradients_as_they_were",
            "gradients_in_evaluation_mode",
            "gradients_leave_no_trace",
        ),
        """\
def gradient_rms(model, x, y):
    return [0.1 for m in model.modules() if isinstance(m, nn.Linear)]
""",
        tells="A constant is returned; nothing is measured.",
    ),
    Mistake(
        "gradient_rms",
        "logits_taken_for_log_probabilities",
        "rms_of_weight_gradients",
        """\
def gradient_rms(model, x, y):
    modes = [(module, module.training) for module in model.modules()]
    weights = [module.weight for module in model.modules() if isinstance(module, nn.Linear)]
    try:
        model.eval()
        gradients = torch.autograd.grad(F.nll_loss(model(x), y), weights)
    finally:
        for module, mode in modes:
            module.training = mode
    return [gradient.square().mean().sqrt().item() for gradient in gradients]
""",
        tells="The logits are taken for logarithms of probabilities.",
    ),
    Mistake(
        "gradient_rms",
        "mean_taken_twice",
        "rms_of_weight_gradients",
        """\
def gradient_rms(model, x, y):
    modes = [(module, module.training) for module in model.modules()]
    weights = [module.weight for module in model.modules() if isinstance(module, nn.Linear)]
    try:
        model.eval()
        gradients = torch.autograd.grad(F.cross_entropy(model(x), y) / len(y), weights)
    finally:
        for module, mode in modes:
            module.training = mode
    return [gradient.square().mean().sqrt().item() for gradient in gradients]
""",
        tells="The loss is a mean already, and is divided by the batch size again.",
    ),
    Mistake(
        "gradient_rms",
        "input_tracked",
        "gradients_leave_no_trace",
        """\
def gradient_rms(model, x, y):
    modes = [(module, module.training) for module in model.modules()]
    weights = [module.weight for module in model.modules() if isinstance(module, nn.Linear)]
    try:
        model.eval()
        gradients = torch.autograd.grad(F.cross_entropy(model(x.requires_grad_()), y), weights)
    finally:
        for module, mode in modes:
            module.training = mode
    return [gradient.square().mean().sqrt().item() for gradient in gradients]
""",
        tells="The caller's input requires a gradient afterwards.",
    ),
    Alternative(
        "gradient_rms",
        "gradients_set_aside",
        """\
def gradient_rms(model, x, y):
    linears = [m for m in model.modules() if isinstance(m, nn.Linear)]
    modes = [(m, m.training) for m in model.modules()]
    kept = [p.grad for p in model.parameters()]
    for p in model.parameters():
        p.grad = None
    try:
        model.eval()
        torch.nn.functional.cross_entropy(model(x), y).backward()
        return [m.weight.grad.pow(2).mean().sqrt().item() for m in linears]
    finally:
        for p, g in zip(model.parameters(), kept):
            p.grad = g
        for m, mode in modes:
            m.training = mode
""",
    ),
    Alternative(
        "gradient_rms",
        "backward_for_some_inputs",
        """\
import copy


def gradient_rms(model, x, y):
    twin = copy.deepcopy(model)
    twin.eval().zero_grad()
    weights = [m.weight for m in twin.modules() if isinstance(m, nn.Linear)]
    (F.cross_entropy(twin(x), y, reduction="sum") / len(x)).backward(inputs=weights)
    return [float(torch.linalg.vector_norm(w.grad)) / math.sqrt(w.numel()) for w in weights]
""",
    ),
    Alternative(
        "gradient_rms",
        "squeezed",
        """\
def gradient_rms(model, x, y):
    training = {part: part.training for part in model.modules()}
    matrices = [part.weight for part in training if isinstance(part, nn.Linear)]
    found = []
    try:
        loss = nn.CrossEntropyLoss()(model.eval()(x).squeeze(), y.squeeze())
        for gradient in torch.autograd.grad(loss, matrices):
            found.append(math.sqrt(float((gradient**2).mean())))
    finally:
        for part in training:
            part.training = training[part]
    return found
""",
    ),
    Mistake(
        "gradient_rms",
        "rounded",
        "rms_of_weight_gradients",
        """\
def gradient_rms(model, x, y):
    modes = [(m, m.training) for m in model.modules()]
    weights = [m.weight for m in model.modules() if isinstance(m, nn.Linear)]
    try:
        model.eval()
        loss = F.cross_entropy(model(x), y)
        grads = torch.autograd.grad(loss, weights)
    finally:
        for m, t in modes:
            m.training = t
    return [round(g.square().mean().sqrt().item(), 4) for g in grads]
""",
        tells="The numbers are rounded.",
    ),
    Mistake(
        "gradient_rms",
        "order_of_the_calls",
        "weights_of_every_linear",
        """\
def gradient_rms(model, x, y):
    order, handles = [], []
    modes = [(m, m.training) for m in model.modules()]
    for m in model.modules():
        if isinstance(m, nn.Linear):
            handles.append(m.register_forward_hook(lambda m, a, o: order.append(m.weight)))
    try:
        model.eval()
        loss = F.cross_entropy(model(x), y)
        grads = torch.autograd.grad(loss, order)
    finally:
        for h in handles:
            h.remove()
        for m, t in modes:
            m.training = t
    return [g.square().mean().sqrt().item() for g in grads]
""",
        tells="The numbers are in the order in which the layers run, not in that of `model.modules()`.",
    ),
    Mistake(
        "gradient_rms",
        "mean_of_the_rms_of_each_unit",
        "rms_of_weight_gradients",
        """\
def gradient_rms(model, x, y):
    modes = [(m, m.training) for m in model.modules()]
    weights = [m.weight for m in model.modules() if isinstance(m, nn.Linear)]
    try:
        model.eval()
        loss = F.cross_entropy(model(x), y)
        grads = torch.autograd.grad(loss, weights)
    finally:
        for m, t in modes:
            m.training = t
    return [g.square().mean(1).sqrt().mean().item() for g in grads]
""",
        tells="The RMS is taken per unit and then averaged; it should be over all numbers at once.",
    ),
    Mistake(
        "gradient_rms",
        "rms_over_samples",
        "rms_of_weight_gradients",
        """\
def gradient_rms(model, x, y):
    modes = [(m, m.training) for m in model.modules()]
    weights = [m.weight for m in model.modules() if isinstance(m, nn.Linear)]
    try:
        model.eval()
        loss = F.cross_entropy(model(x), y)
        grads = [torch.stack([torch.autograd.grad(F.cross_entropy(model(x[i:i+1]), y[i:i+1]), p)[0] for i in range(len(x))]).square().mean(0).sqrt() for p in weights]
    finally:
        for m, t in modes:
            m.training = t
    return [g.square().mean().sqrt().item() for g in grads]
""",
        tells="The gradients of single samples are squared; the gradient of the mean loss was asked for.",
    ),
    Alternative(
        "gradient_rms",
        "loss_by_hand",
        """\
def gradient_rms(model, x, y):
    modes = [(m, m.training) for m in model.modules()]
    weights = [m.weight for m in model.modules() if isinstance(m, nn.Linear)]
    try:
        model.eval()
        loss = -model(x).log_softmax(1).gather(1, y[:, None]).mean()
        grads = torch.autograd.grad(loss, weights)
    finally:
        for m, t in modes:
            m.training = t
    return [np.sqrt(np.mean(g.numpy() ** 2)) for g in grads]
""",
    ),
]
