"""Answers of assignment 04: measuring activations."""

from autograder.checking import Alternative, Mistake

ANSWERS: list[Mistake | Alternative] = [
    Mistake(
        "activation_rms",
        "std_of_the_weights",
        (
            "rms_after_each_activation",
            "one_number_per_call",
            "activations_in_evaluation_mode",
            "activations_leave_no_trace",
            "hooks_are_removed",
        ),
        """\
def activation_rms(model, x):
    return [m.weight.std().item() for m in model.modules() if isinstance(m, nn.Linear)]
""",
        tells="The spread of the weights is measured, not the activations.",
    ),
    Mistake(
        "activation_rms",
        "before_the_activation",
        "rms_after_each_activation",
        """\
def activation_rms(model, x):
    values = []

    def note(module, args, output):
        values.append(args[0].square().mean().sqrt().item())

    modes = [(module, module.training) for module in model.modules()]
    handles = [
        module.register_forward_hook(note)
        for module in model.modules()
        if isinstance(module, ACTIVATIONS)
    ]
    try:
        model.eval()
        with torch.no_grad():
            model(x)
    finally:
        for handle in handles:
            handle.remove()
        for module, mode in modes:
            module.training = mode
    return values
""",
        tells="What goes into the activation is measured, not what comes out.",
    ),
    Mistake(
        "activation_rms",
        "standard_deviation",
        "rms_after_each_activation",
        """\
def activation_rms(model, x):
    values = []

    def note(module, args, output):
        values.append(output.std().item())

    modes = [(module, module.training) for module in model.modules()]
    handles = [
        module.register_forward_hook(note)
        for module in model.modules()
        if isinstance(module, ACTIVATIONS)
    ]
    try:
        model.eval()
        with torch.no_grad():
            model(x)
    finally:
        for handle in handles:
            handle.remove()
        for module, mode in modes:
            module.training = mode
    return values
""",
        tells="This is the standard deviation: it leaves out the mean.",
    ),
    Mistake(
        "activation_rms",
        "mean_square",
        "rms_after_each_activation",
        """\
def activation_rms(model, x):
    values = []

    def note(module, args, output):
        values.append(output.square().mean().item())

    modes = [(module, module.training) for module in model.modules()]
    handles = [
        module.register_forward_hook(note)
        for module in model.modules()
        if isinstance(module, ACTIVATIONS)
    ]
    try:
        model.eval()
        with torch.no_grad():
            model(x)
    finally:
        for handle in handles:
            handle.remove()
        for module, mode in modes:
            module.training = mode
    return values
""",
        tells="This is the mean square: the root is missing.",
    ),
    Mistake(
        "activation_rms",
        "mean_of_absolute_values",
        "rms_after_each_activation",
        """\
def activation_rms(model, x):
    values = []

    def note(module, args, output):
        values.append(output.abs().mean().item())

    modes = [(module, module.training) for module in model.modules()]
    handles = [
        module.register_forward_hook(note)
        for module in model.modules()
        if isinstance(module, ACTIVATIONS)
    ]
    try:
        model.eval()
        with torch.no_grad():
            model(x)
    finally:
        for handle in handles:
            handle.remove()
        for module, mode in modes:
            module.training = mode
    return values
""",
        tells="This is the mean of absolute values.",
    ),
    Mistake(
        "activation_rms",
        "mean_of_the_rms_of_each_sample",
        "rms_after_each_activation",
        """\
def activation_rms(model, x):
    values = []

    def note(module, args, output):
        values.append(output.square().mean(1).sqrt().mean().item())

    modes = [(module, module.training) for module in model.modules()]
    handles = [
        module.register_forward_hook(note)
        for module in model.modules()
        if isinstance(module, ACTIVATIONS)
    ]
    try:
        model.eval()
        with torch.no_grad():
            model(x)
    finally:
        for handle in handles:
            handle.remove()
        for module, mode in modes:
            module.training = mode
    return values
""",
        tells=(
            "The RMS is taken per sample and then averaged; it should be over all numbers at once."
        ),
    ),
    Mistake(
        "activation_rms",
        "norm_of_the_output",
        "rms_after_each_activation",
        """\
def activation_rms(model, x):
    values = []

    def note(module, args, output):
        values.append(output.norm().item())

    modes = [(module, module.training) for module in model.modules()]
    handles = [
        module.register_forward_hook(note)
        for module in model.modules()
        if isinstance(module, ACTIVATIONS)
    ]
    try:
        model.eval()
        with torch.no_grad():
            model(x)
    finally:
        for handle in handles:
            handle.remove()
        for module, mode in modes:
            module.training = mode
    return values
""",
        tells="This is the norm: it grows with the number of units.",
    ),
    Mistake(
        "activation_rms",
        "outputs_of_linear_layers",
        ("rms_after_each_activation", "one_number_per_call"),
        """\
def activation_rms(model, x):
    values = []

    def note(module, args, output):
        values.append(output.square().mean().sqrt().item())

    modes = [(module, module.training) for module in model.modules()]
    handles = [
        module.register_forward_hook(note)
        for module in model.modules()
        if isinstance(module, nn.Linear)
    ]
    try:
        model.eval()
        with torch.no_grad():
            model(x)
    finally:
        for handle in handles:
            handle.remove()
        for module, mode in modes:
            module.training = mode
    return values
""",
        tells="The outputs of the linear layers are measured, not of the activations.",
    ),
    Mistake(
        "activation_rms",
        "relu_only",
        "rms_after_each_activation",
        """\
def activation_rms(model, x):
    values = []

    def note(module, args, output):
        values.append(output.square().mean().sqrt().item())

    modes = [(module, module.training) for module in model.modules()]
    handles = [
        module.register_forward_hook(note)
        for module in model.modules()
        if isinstance(module, (nn.ReLU, nn.LeakyReLU))
    ]
    try:
        model.eval()
        with torch.no_grad():
            model(x)
    finally:
        for handle in handles:
            handle.remove()
        for module, mode in modes:
            module.training = mode
    return values
""",
        tells="Only ReLU and LeakyReLU are measured; other activations are missed.",
    ),
    Mistake(
        "activation_rms",
        "first_sample_only",
        "rms_after_each_activation",
        """\
def activation_rms(model, x):
    values = []

    def note(module, args, output):
        values.append(output.square().mean().sqrt().item())

    modes = [(module, module.training) for module in model.modules()]
    handles = [
        module.register_forward_hook(note)
        for module in model.modules()
        if isinstance(module, ACTIVATIONS)
    ]
    try:
        model.eval()
        with torch.no_grad():
            model(x[:1])
    finally:
        for handle in handles:
            handle.remove()
        for module, mode in modes:
            module.training = mode
    return values
""",
        tells="Only the first sample is used.",
    ),
    Mistake(
        "activation_rms",
        "top_level_only",
        "one_number_per_call",
        """\
def activation_rms(model, x):
    values = []

    def note(module, args, output):
        values.append(output.square().mean().sqrt().item())

    modes = [(module, module.training) for module in model.modules()]
    handles = [
        module.register_forward_hook(note)
        for module in model.children()
        if isinstance(module, ACTIVATIONS)
    ]
    try:
        model.eval()
        with torch.no_grad():
            model(x)
    finally:
        for handle in handles:
            handle.remove()
        for module, mode in modes:
            module.training = mode
    return values
""",
        tells="Only activations directly in the model are found, not those inside its parts.",
    ),
    Mistake(
        "activation_rms",
        "everything_without_weights",
        "one_number_per_call",
        """\
def activation_rms(model, x):
    values = []

    def note(module, args, output):
        values.append(output.square().mean().sqrt().item())

    modes = [(module, module.training) for module in model.modules()]
    handles = [
        module.register_forward_hook(note)
        for module in model.modules()
        if not [*module.children(), *module.parameters()] and not isinstance(module, nn.Flatten)
    ]
    try:
        model.eval()
        with torch.no_grad():
            model(x)
    finally:
        for handle in handles:
            handle.remove()
        for module, mode in modes:
            module.training = mode
    return values
""",
        tells="Modules that are not activations, such as dropout, are measured too.",
    ),
    Mistake(
        "activation_rms",
        "exact_class_only",
        "one_number_per_call",
        """\
def activation_rms(model, x):
    values = []

    def note(module, args, output):
        values.append(output.square().mean().sqrt().item())

    modes = [(module, module.training) for module in model.modules()]
    handles = [
        module.register_forward_hook(note)
        for module in model.modules()
        if type(module) in ACTIVATIONS
    ]
    try:
        model.eval()
        with torch.no_grad():
            model(x)
    finally:
        for handle in handles:
            handle.remove()
        for module, mode in modes:
            module.training = mode
    return values
""",
        tells="Subclasses of the activations are missed.",
    ),
    Mistake(
        "activation_rms",
        "order_of_creation",
        "one_number_per_call",
        """\
def activation_rms(model, x):
    values = {}
    handles = []
    modes = [(module, module.training) for module in model.modules()]
    for module in model.modules():
        if isinstance(module, ACTIVATIONS):
            values[module] = 0.0

            def note(module, args, output):
                values[module] = output.square().mean().sqrt().item()

            handles.append(module.register_forward_hook(note))
    try:
        model.eval()
        with torch.no_grad():
            model(x)
    finally:
        for handle in handles:
            handle.remove()
        for module, mode in modes:
            module.training = mode
    return list(values.values())
""",
        tells="The numbers are in the order in which the modules were made, not in which they ran.",
    ),
    Mistake(
        "activation_rms",
        "one_number_per_module",
        "one_number_per_call",
        """\
def activation_rms(model, x):
    found = {}

    def note(module, args, output):
        found[module] = output.square().mean().sqrt().item()

    modes = [(module, module.training) for module in model.modules()]
    handles = [
        module.register_forward_hook(note)
        for module in model.modules()
        if isinstance(module, ACTIVATIONS)
    ]
    try:
        model.eval()
        with torch.no_grad():
            model(x)
    finally:
        for handle in handles:
            handle.remove()
        for module, mode in modes:
            module.training = mode
    return list(found.values())
""",
        tells="A module that runs twice gives one number; there should be one per call.",
    ),
    Mistake(
        "activation_rms",
        "walks_through_the_modules_itself",
        "one_number_per_call",
        """\
@torch.no_grad()
def activation_rms(model, x):
    values = []
    modes = [(module, module.training) for module in model.modules()]
    model.eval()
    for module in model.modules():
        if list(module.children()):
            continue
        if isinstance(module, nn.Linear) and x.shape[1] != module.in_features:
            break
        x = module(x.clone())
        if isinstance(module, ACTIVATIONS):
            values.append(x.square().mean().sqrt().item())
    for module, mode in modes:
        module.training = mode
    return values
""",
        tells=(
            "The modules are called one after the other; the model's own forward pass may do "
            "something else."
        ),
    ),
    Mistake(
        "activation_rms",
        "shared_module_hooked_twice",
        "one_number_per_call",
        """\
def activation_rms(model, x):
    values = []

    def note(module, args, output):
        values.append(output.square().mean().sqrt().item())

    modes = [(module, module.training) for module in model.modules()]
    handles = [
        module.register_forward_hook(note)
        for _, module in model.named_modules(remove_duplicate=False)
        if isinstance(module, ACTIVATIONS)
    ]
    try:
        model.eval()
        with torch.no_grad():
            model(x)
    finally:
        for handle in handles:
            handle.remove()
        for module, mode in modes:
            module.training = mode
    return values
""",
        tells="A module that has two names is measured twice per call.",
    ),
    Mistake(
        "activation_rms",
        "flat_outputs_only",
        "rms_after_each_activation",
        """\
def activation_rms(model, x):
    values = []

    def note(module, args, output):
        values.append(output.square().mean((0, 1)).sqrt().mean().item())

    modes = [(module, module.training) for module in model.modules()]
    handles = [
        module.register_forward_hook(note)
        for module in model.modules()
        if isinstance(module, ACTIVATIONS)
    ]
    try:
        model.eval()
        with torch.no_grad():
            model(x)
    finally:
        for handle in handles:
            handle.remove()
        for module, mode in modes:
            module.training = mode
    return values
""",
        tells="Outputs of more than two dimensions are averaged in the wrong way.",
    ),
    Mistake(
        "activation_rms",
        "hook_that_changes_the_output",
        ("one_number_per_call", "rms_after_each_activation"),
        """\
def activation_rms(model, x):
    values = []

    def note(module, args, output):
        values.append(output.square().mean().sqrt().item())
        return output / values[-1]

    modes = [(module, module.training) for module in model.modules()]
    handles = [
        module.register_forward_hook(note)
        for module in model.modules()
        if isinstance(module, ACTIVATIONS)
    ]
    try:
        model.eval()
        with torch.no_grad():
            model(x)
    finally:
        for handle in handles:
            handle.remove()
        for module, mode in modes:
            module.training = mode
    return values
""",
        tells="The hook returns something, which replaces the activation's output.",
    ),
    Mistake(
        "activation_rms",
        "hooks_left",
        "hooks_are_removed",
        """\
def activation_rms(model, x):
    values = []

    def note(module, args, output):
        values.append(output.square().mean().sqrt().item())

    modes = [(module, module.training) for module in model.modules()]
    handles = [
        module.register_forward_hook(note)
        for module in model.modules()
        if isinstance(module, ACTIVATIONS)
    ]
    try:
        model.eval()
        with torch.no_grad():
            model(x)
    finally:
        for module, mode in modes:
            module.training = mode
    return values
""",
        tells="The hooks stay on the model.",
    ),
    Mistake(
        "activation_rms",
        "hooks_left_after_an_error",
        "hooks_are_removed",
        """\
def activation_rms(model, x):
    values = []
    training = [module.training for module in model.modules()]
    model.eval()
    handles = []
    for module in model.modules():
        if isinstance(module, ACTIVATIONS):
            hook = lambda module, args, out: values.append(out.pow(2).mean().sqrt().item())
            handles.append(module.register_forward_hook(hook))
    with torch.no_grad():
        model(x)
    for handle in handles:
        handle.remove()
    for module, mode in zip(model.modules(), training):
        module.training = mode
    return values
""",
        tells="The hooks stay on the model when the forward pass fails.",
    ),
    Mistake(
        "activation_rms",
        "last_hook_removed_only",
        "hooks_are_removed",
        """\
def activation_rms(model, x):
    values = []

    def note(module, args, output):
        values.append(output.square().mean().sqrt().item())

    modes = [(module, module.training) for module in model.modules()]
    handles = [
        module.register_forward_hook(note)
        for module in model.modules()
        if isinstance(module, ACTIVATIONS)
    ]
    try:
        model.eval()
        with torch.no_grad():
            model(x)
    finally:
        handles[-1].remove()
        for module, mode in modes:
            module.training = mode
    return values
""",
        tells="Only the last hook is removed.",
    ),
    Mistake(
        "activation_rms",
        "hooks_of_others_removed",
        "hooks_are_removed",
        """\
def activation_rms(model, x):
    values = []

    def note(module, args, output):
        values.append(output.square().mean().sqrt().item())

    modes = [(module, module.training) for module in model.modules()]
    handles = [
        module.register_forward_hook(note)
        for module in model.modules()
        if isinstance(module, ACTIVATIONS)
    ]
    try:
        model.eval()
        with torch.no_grad():
            model(x)
    finally:
        for module in model.modules():
            module._forward_hooks.clear()
        for module, mode in modes:
            module.training = mode
    return values
""",
        tells="Hooks that others had put there are removed too.",
    ),
    Mistake(
        "activation_rms",
        "in_the_mode_it_is_in",
        "activations_in_evaluation_mode",
        """\
def activation_rms(model, x):
    values = []

    def note(module, args, output):
        values.append(output.square().mean().sqrt().item())

    modes = [(module, module.training) for module in model.modules()]
    handles = [
        module.register_forward_hook(note)
        for module in model.modules()
        if isinstance(module, ACTIVATIONS)
    ]
    try:
        with torch.no_grad():
            model(x)
    finally:
        for handle in handles:
            handle.remove()
        for module, mode in modes:
            module.training = mode
    return values
""",
        tells="The model is not switched to evaluation mode.",
    ),
    Mistake(
        "activation_rms",
        "left_in_evaluation_mode",
        "activations_leave_no_trace",
        """\
def activation_rms(model, x):
    values = []

    def note(module, args, output):
        values.append(output.square().mean().sqrt().item())

    modes = [(module, module.training) for module in model.modules()]
    handles = [
        module.register_forward_hook(note)
        for module in model.modules()
        if isinstance(module, ACTIVATIONS)
    ]
    try:
        model.eval()
        with torch.no_grad():
            model(x)
    finally:
        for handle in handles:
            handle.remove()
    return values
""",
        tells="The model is left in evaluation mode.",
    ),
    Mistake(
        "activation_rms",
        "set_to_training_mode",
        "activations_leave_no_trace",
        """\
def activation_rms(model, x):
    values = []

    def note(module, args, output):
        values.append(output.square().mean().sqrt().item())

    modes = [(module, module.training) for module in model.modules()]
    handles = [
        module.register_forward_hook(note)
        for module in model.modules()
        if isinstance(module, ACTIVATIONS)
    ]
    try:
        model.eval()
        with torch.no_grad():
            model(x)
    finally:
        for handle in handles:
            handle.remove()
        model.train()
    return values
""",
        tells=(
            "The modes are not put back one by one: parts of the model may have had different ones."
        ),
    ),
    Mistake(
        "activation_rms",
        "one_mode_for_all",
        "activations_leave_no_trace",
        """\
def activation_rms(model, x):
    values = []

    def note(module, args, output):
        values.append(output.square().mean().sqrt().item())

    training = model.training
    handles = [
        module.register_forward_hook(note)
        for module in model.modules()
        if isinstance(module, ACTIVATIONS)
    ]
    try:
        model.eval()
        with torch.no_grad():
            model(x)
    finally:
        for handle in handles:
            handle.remove()
        model.train(training)
    return values
""",
        tells=(
            "The modes are not put back one by one: parts of the model may have had different ones."
        ),
    ),
    Mistake(
        "activation_rms",
        "gradients_switched_off_for_good",
        "activations_leave_no_trace",
        """\
def activation_rms(model, x):
    values = []

    def note(module, args, output):
        values.append(output.square().mean().sqrt().item())

    modes = [(module, module.training) for module in model.modules()]
    handles = [
        module.register_forward_hook(note)
        for module in model.modules()
        if isinstance(module, ACTIVATIONS)
    ]
    try:
        model.eval()
        torch.set_grad_enabled(False)
        model(x)
    finally:
        for handle in handles:
            handle.remove()
        for module, mode in modes:
            module.training = mode
    return values
""",
        tells="Gradients are switched off and never on again.",
    ),
    Mistake(
        "activation_rms",
        "weights_frozen",
        "activations_leave_no_trace",
        """\
def activation_rms(model, x):
    values = []

    def note(module, args, output):
        values.append(output.square().mean().sqrt().item())

    modes = [(module, module.training) for module in model.modules()]
    handles = [
        module.register_forward_hook(note)
        for module in model.modules()
        if isinstance(module, ACTIVATIONS)
    ]
    try:
        model.eval()
        model.requires_grad_(False)
        model(x)
    finally:
        for handle in handles:
            handle.remove()
        for module, mode in modes:
            module.training = mode
    return values
""",
        tells="The weights no longer require gradients.",
    ),
    Mistake(
        "activation_rms",
        "gradients_cleared",
        "activations_leave_no_trace",
        """\
def activation_rms(model, x):
    values = []

    def note(module, args, output):
        values.append(output.square().mean().sqrt().item())

    modes = [(module, module.training) for module in model.modules()]
    handles = [
        module.register_forward_hook(note)
        for module in model.modules()
        if isinstance(module, ACTIVATIONS)
    ]
    try:
        model.eval()
        model.zero_grad()
        with torch.no_grad():
            model(x)
    finally:
        for handle in handles:
            handle.remove()
        for module, mode in modes:
            module.training = mode
    return values
""",
        tells="Gradients that were there before are gone.",
    ),
    Alternative(
        "activation_rms",
        "pushed_into_a_copy",
        """\
import copy


def activation_rms(model, x):
    found = []
    twin = copy.deepcopy(model).eval()
    for module in twin.modules():
        if isinstance(module, ACTIVATIONS):
            module.register_forward_hook(lambda m, i, o: found.append(float((o**2).mean() ** 0.5)))
    with torch.no_grad():
        twin(x)
    return np.array(found)
""",
    ),
    Alternative(
        "activation_rms",
        "outputs_kept_and_tensors_returned",
        """\
def activation_rms(model, x, kinds=ACTIVATIONS):
    training = {name: module.training for name, module in model.named_modules()}
    outputs, handles = [], []
    for module in model.eval().modules():
        if isinstance(module, kinds):
            handles.append(module.register_forward_hook(lambda *a: outputs.append(a[-1].detach())))
    try:
        with torch.inference_mode():
            model(x)
            return [torch.linalg.vector_norm(o) / o.numel() ** 0.5 for o in outputs]
    finally:
        [handle.remove() for handle in handles]
        for name, module in model.named_modules():
            module.training = training[name]
""",
    ),
    Alternative(
        "activation_rms",
        "one_hook_for_all_modules",
        """\
def activation_rms(model, x):
    values = []

    def note(module, args, output):
        if isinstance(module, tuple(ACTIVATIONS)):
            values.append(np.sqrt(np.mean(output.numpy().astype(np.float64) ** 2)))

    modes = [module.training for module in model.modules()]
    handle = nn.modules.module.register_module_forward_hook(note)
    try:
        with torch.no_grad():
            model.eval()
            model(x)
    finally:
        handle.remove()
        for module, mode in zip(model.modules(), modes):
            module.training = mode
    return tuple(values)
""",
    ),
    Alternative(
        "activation_rms",
        "forward_wrapped",
        """\
def activation_rms(model, x):
    values, wrapped = [], []
    modes = [(module, module.training) for module in model.modules()]

    def wrap(module):
        forward = module.forward

        def wrapper(*args, **kwargs):
            output = forward(*args, **kwargs)
            values.append(output.detach().double().pow(2).mean().sqrt())
            return output

        module.forward = wrapper
        wrapped.append(module)

    for module in model.modules():
        if isinstance(module, ACTIVATIONS):
            wrap(module)
    try:
        model.eval()(x)
    finally:
        for module in wrapped:
            del module.forward
        for module, mode in modes:
            module.train(mode) if not list(module.children()) else setattr(module, "training", mode)
    return torch.stack(values)
""",
    ),
    Mistake(
        "activation_rms",
        "values_in_a_default_argument",
        (
            "rms_after_each_activation",
            "one_number_per_call",
            "activations_in_evaluation_mode",
            "activations_leave_no_trace",
            "hooks_are_removed",
        ),
        """\
def activation_rms(model, x, values=[]):
    def note(module, args, output):
        values.append(output.square().mean().sqrt().item())

    modes = [(module, module.training) for module in model.modules()]
    handles = [
        module.register_forward_hook(note)
        for module in model.modules()
        if isinstance(module, ACTIVATIONS)
    ]
    try:
        model.eval()
        with torch.no_grad():
            model(x)
    finally:
        for handle in handles:
            handle.remove()
        for module, mode in modes:
            module.training = mode
    return values
""",
        tells=(
            "The list is made once, as a default argument, so the values of earlier calls are "
            "still in it."
        ),
    ),
    Mistake(
        "activation_rms",
        "graph_kept",
        "activations_leave_no_trace",
        """\
def activation_rms(model, x):
    values = []

    def note(module, args, output):
        values.append(output.square().mean().sqrt())

    modes = [(module, module.training) for module in model.modules()]
    handles = [
        module.register_forward_hook(note)
        for module in model.modules()
        if isinstance(module, ACTIVATIONS)
    ]
    try:
        model.eval()
        model(x)
    finally:
        for handle in handles:
            handle.remove()
        for module, mode in modes:
            module.training = mode
    return values
""",
        tells="The numbers are tensors with a graph; floats were asked for.",
    ),
    Mistake(
        "activation_rms",
        "input_made_float",
        "rms_after_each_activation",
        """\
def activation_rms(model, x):
    values = []

    def note(module, args, output):
        values.append(output.square().mean().sqrt().item())

    modes = [(module, module.training) for module in model.modules()]
    handles = [
        module.register_forward_hook(note)
        for module in model.modules()
        if isinstance(module, ACTIVATIONS)
    ]
    try:
        model.eval()
        with torch.no_grad():
            model(x.float())
    finally:
        for handle in handles:
            handle.remove()
        for module, mode in modes:
            module.training = mode
    return values
""",
        tells="The input is converted to float, and the model may want whole numbers.",
    ),
    Mistake(
        "activation_rms",
        "input_tracked",
        ("activations_leave_no_trace", "rms_after_each_activation"),
        """\
def activation_rms(model, x):
    values = []

    def note(module, args, output):
        values.append(output.square().mean().sqrt().item())

    modes = [(module, module.training) for module in model.modules()]
    handles = [
        module.register_forward_hook(note)
        for module in model.modules()
        if isinstance(module, ACTIVATIONS)
    ]
    try:
        model.eval()
        model(x.requires_grad_())
    finally:
        for handle in handles:
            handle.remove()
        for module, mode in modes:
            module.training = mode
    return values
""",
        tells="The caller's input requires a gradient afterwards.",
    ),
    Mistake(
        "activation_rms",
        "batch_of_one_squeezed_away",
        "rms_after_each_activation",
        """\
def activation_rms(model, x):
    values = []

    def note(module, args, output):
        values.append(output.squeeze().square().mean(1).mean().sqrt().item())

    modes = [(module, module.training) for module in model.modules()]
    handles = [
        module.register_forward_hook(note)
        for module in model.modules()
        if isinstance(module, ACTIVATIONS)
    ]
    try:
        model.eval()
        with torch.no_grad():
            model(x)
    finally:
        for handle in handles:
            handle.remove()
        for module, mode in modes:
            module.training = mode
    return values
""",
        tells="A batch of one is squeezed away.",
    ),
    Mistake(
        "activation_rms",
        "standard_deviation_without_correction",
        "rms_after_each_activation",
        """\
def activation_rms(model, x):
    values = []

    def note(module, args, output):
        values.append(output.std(correction=0).item())

    modes = [(module, module.training) for module in model.modules()]
    handles = [
        module.register_forward_hook(note)
        for module in model.modules()
        if isinstance(module, ACTIVATIONS)
    ]
    try:
        model.eval()
        with torch.no_grad():
            model(x)
    finally:
        for handle in handles:
            handle.remove()
        for module, mode in modes:
            module.training = mode
    return values
""",
        tells="This is the standard deviation: it leaves out the mean.",
    ),
    Mistake(
        "activation_rms",
        "first_units_only",
        "rms_after_each_activation",
        """\
def activation_rms(model, x):
    values = []

    def note(module, args, output):
        values.append(output[:, :4].square().mean().sqrt().item())

    modes = [(module, module.training) for module in model.modules()]
    handles = [
        module.register_forward_hook(note)
        for module in model.modules()
        if isinstance(module, ACTIVATIONS)
    ]
    try:
        model.eval()
        with torch.no_grad():
            model(x)
    finally:
        for handle in handles:
            handle.remove()
        for module, mode in modes:
            module.training = mode
    return values
""",
        tells="Only the first few units are looked at.",
    ),
    Mistake(
        "activation_rms",
        "output_only",
        (
            "one_number_per_call",
            "rms_after_each_activation",
            "activations_in_evaluation_mode",
            "activations_leave_no_trace",
            "hooks_are_removed",
        ),
        """\
def activation_rms(model, x):
    modes=[m.training for m in model.modules()]
    model.eval()
    with torch.no_grad():
        out=model(x)
    for m, t in zip(model.modules(), modes):
        m.training = t
    return [out.square().mean().sqrt().item()]
""",
        tells="Only the output of the whole model is measured.",
    ),
    Mistake(
        "activation_rms",
        "constant",
        (
            "rms_after_each_activation",
            "one_number_per_call",
            "activations_in_evaluation_mode",
            "activations_leave_no_trace",
            "hooks_are_removed",
        ),
        """\
def activation_rms(model, x):
    return [1.0 for m in model.modules() if isinstance(m, ACTIVATIONS)]
""",
        tells="A constant is returned; nothing is measured.",
    ),
    Mistake(
        "activation_rms",
        "empty",
        (
            "rms_after_each_activation",
            "one_number_per_call",
            "activations_in_evaluation_mode",
            "activations_leave_no_trace",
            "hooks_are_removed",
        ),
        """\
def activation_rms(model, x):
    return []
""",
        tells="The list is empty.",
    ),
    Mistake(
        "activation_rms",
        "rms_of_the_input",
        ("rms_after_each_activation", "one_number_per_call"),
        """\
def activation_rms(model, x):
    return [x.float().square().mean().sqrt().item() for m in model.modules() if isinstance(m, ACTIVATIONS)]
""",
        tells="The model's input is measured.",
    ),
    Mistake(
        "activation_rms",
        "batch_norm_in_training_mode",
        "activations_in_evaluation_mode",
        """\
def activation_rms(model, x):
    values = []

    def note(module, args, output):
        values.append(output.square().mean().sqrt().item())

    modes = [(module, module.training) for module in model.modules()]
    handles = [
        module.register_forward_hook(note)
        for module in model.modules()
        if isinstance(module, ACTIVATIONS)
    ]
    try:
        model.eval()
        model.eval()
        for m in model.modules():
            if isinstance(m, nn.BatchNorm1d):
                m.train()
        with torch.no_grad():
            model(x)
    finally:
        for handle in handles:
            handle.remove()
        for module, mode in modes:
            module.training = mode
    return values
""",
        tells="Batch norm stays in training mode.",
    ),
    Mistake(
        "activation_rms",
        "zeros_left_out",
        "rms_after_each_activation",
        """\
def activation_rms(model, x):
    values = []

    def note(module, args, output):
        values.append(output[output != 0].square().mean().sqrt().item())

    modes = [(module, module.training) for module in model.modules()]
    handles = [
        module.register_forward_hook(note)
        for module in model.modules()
        if isinstance(module, ACTIVATIONS)
    ]
    try:
        model.eval()
        with torch.no_grad():
            model(x)
    finally:
        for handle in handles:
            handle.remove()
        for module, mode in modes:
            module.training = mode
    return values
""",
        tells="Zeros are left out of the mean.",
    ),
    Alternative(
        "activation_rms",
        "outputs_cloned",
        """\
def activation_rms(model, x):
    modes = {m: m.training for m in model.modules()}
    outputs, hooks = [], []
    try:
        for m in model.modules():
            m.training = False
            if isinstance(m, ACTIVATIONS):
                hooks.append(m.register_forward_hook(lambda m, a, o: outputs.append(o.detach().clone()), always_call=False))
        with torch.no_grad():
            model(x)
    finally:
        while hooks:
            hooks.pop().remove()
        for m, mode in modes.items():
            m.training = mode
    return [float(torch.sqrt(torch.mean(o.double() ** 2))) for o in outputs]
""",
    ),
    Alternative(
        "activation_rms",
        "exit_stack",
        """\
import contextlib


def activation_rms(model, x):
    values = []
    with contextlib.ExitStack() as stack:
        for module in model.modules():
            stack.callback(setattr, module, "training", module.training)
            if isinstance(module, ACTIVATIONS):
                handle = module.register_forward_hook(lambda m, i, o: values.append(math.sqrt((o * o).mean())))
                stack.callback(handle.remove)
        model.eval()
        stack.enter_context(torch.inference_mode())
        model(x)
    return values
""",
    ),
    Mistake(
        "activation_rms",
        "small_number_under_the_root",
        "rms_after_each_activation",
        """\
def activation_rms(model, x):
    values = []

    def note(module, args, output):
        values.append((output.square().mean() + 1e-6).sqrt().item())

    modes = [(m, m.training) for m in model.modules()]

    handles = [m.register_forward_hook(note) for m in [m for m in model.modules() if isinstance(m, ACTIVATIONS)]]
    try:
        model.eval()
        with torch.no_grad():
            model(x)
    finally:
        for h in handles:
            h.remove()
        for m, mode in modes:
            m.training = mode
    return values
""",
        tells="A small number is added under the root, which hides small signals.",
    ),
    Mistake(
        "activation_rms",
        "squared_in_place",
        ("rms_after_each_activation", "one_number_per_call"),
        """\
def activation_rms(model, x):
    values = []

    def note(module, args, output):
        values.append(output.square_().mean().sqrt().item())

    modes = [(m, m.training) for m in model.modules()]

    handles = [m.register_forward_hook(note) for m in [m for m in model.modules() if isinstance(m, ACTIVATIONS)]]
    try:
        model.eval()
        with torch.no_grad():
            model(x)
    finally:
        for h in handles:
            h.remove()
        for m, mode in modes:
            m.training = mode
    return values
""",
        tells="The hook squares the output in place, so the layers behind it get another signal.",
    ),
    Mistake(
        "activation_rms",
        "modes_of_the_top_level_only",
        "activations_leave_no_trace",
        """\
def activation_rms(model, x):
    values = []
    modes = {m: m.training for m in model.children()}
    top = model.training
    handles = [m.register_forward_hook(lambda m, a, o: values.append(o.square().mean().sqrt().item())) for m in model.modules() if isinstance(m, ACTIVATIONS)]
    try:
        model.eval()
        with torch.no_grad():
            model(x)
    finally:
        for h in handles:
            h.remove()
        model.training = top
        for m, t in modes.items():
            m.train(t)
    return values
""",
        tells="The modes are put back for the parts directly in the model only, and not for the parts inside them.",
    ),
    Mistake(
        "activation_rms",
        "modes_noted_too_late",
        "activations_leave_no_trace",
        """\
def activation_rms(model, x):
    values = []

    def note(module, args, output):
        values.append(output.square().mean().sqrt().item())

    modes = None
    model.eval()
    modes = [(m, m.training) for m in model.modules()]
    handles = [m.register_forward_hook(note) for m in [m for m in model.modules() if isinstance(m, ACTIVATIONS)]]
    try:
        model.eval()
        with torch.no_grad():
            model(x)
    finally:
        for h in handles:
            h.remove()
        for m, mode in modes:
            m.training = mode
    return values
""",
        tells="The model is left in evaluation mode.",
    ),
    Alternative(
        "activation_rms",
        "hook_of_all_modules_everywhere",
        """\
def activation_rms(model, x):
    values = []
    modes = [(m, m.training) for m in model.modules()]
    inside = set(model.modules())
    def note(m, a, o):
        if isinstance(m, ACTIVATIONS) and m in inside:
            values.append(float(o.detach().double().pow(2).mean() ** 0.5))
    h = torch.nn.modules.module.register_module_forward_hook(note)
    try:
        model.eval()
        with torch.no_grad():
            model(x)
    finally:
        h.remove()
        for m, t in modes:
            m.training = t
    return values
""",
    ),
]
