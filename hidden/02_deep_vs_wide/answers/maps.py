"""Answers to first_layer_maps."""

from autograder.checking import Alternative, Mistake

ANSWERS: list[Mistake | Alternative] = [
    Mistake(
        "first_layer_maps",
        "weights_scaled_in_place",
        "model_untouched",
        """\
def first_layer_maps(model, image_shape=(3, 32, 32)):
    weight = next(m for m in model.modules() if isinstance(m, nn.Linear)).weight.data
    weight -= weight.min(dim=1, keepdim=True).values
    weight /= weight.max(dim=1, keepdim=True).values
    return weight.reshape(-1, *image_shape)
""",
        tells=(
            "The scaling is done in the model's own weights: `.data` and `detach` share memory with "
            "them."
        ),
    ),
    Mistake(
        "first_layer_maps",
        "detached_but_shared",
        "model_untouched",
        """\
def first_layer_maps(model, image_shape=(3, 32, 32)):
    weight = next(m for m in model.modules() if isinstance(m, nn.Linear)).weight.detach()
    maps = weight.view(len(weight), *image_shape)
    for unit in maps:
        unit.sub_(unit.min().clone()).div_(unit.max().clone())
    return maps.clone()
""",
        tells=(
            "The scaling is done in the model's own weights: `.data` and `detach` share memory with "
            "them."
        ),
    ),
    Mistake(
        "first_layer_maps",
        "rows_columns_channels",
        "pixels_in_their_places",
        """\
def first_layer_maps(model, image_shape=(3, 32, 32)):
    channels, height, width = image_shape
    weight = next(m for m in model.modules() if isinstance(m, nn.Linear)).weight.detach()
    low, high = weight.amin(1, keepdim=True), weight.amax(1, keepdim=True)
    maps = ((weight - low) / (high - low)).reshape(-1, height, width, channels)
    return maps.permute(0, 3, 1, 2)
""",
        tells="The weights are read as rows, columns, channels; the channels come first.",
    ),
    Mistake(
        "first_layer_maps",
        "rows_and_columns_swapped",
        "pixels_in_their_places",
        """\
def first_layer_maps(model, image_shape=(3, 32, 32)):
    channels, height, width = image_shape
    weight = next(m for m in model.modules() if isinstance(m, nn.Linear)).weight.detach()
    low, high = weight.amin(1, keepdim=True), weight.amax(1, keepdim=True)
    maps = ((weight - low) / (high - low)).reshape(-1, channels, width, height)
    return maps.transpose(2, 3)
""",
        tells="Rows and columns are swapped.",
    ),
    Mistake(
        "first_layer_maps",
        "one_scale_for_all_maps",
        "scaled_by_its_own_range",
        """\
def first_layer_maps(model, image_shape=(3, 32, 32)):
    weight = next(m for m in model.modules() if isinstance(m, nn.Linear)).weight.detach()
    return ((weight - weight.min()) / (weight.max() - weight.min())).reshape(-1, *image_shape)
""",
        tells="All maps share one scale; each should go from 0 to 1.",
    ),
    Mistake(
        "first_layer_maps",
        "one_scale_for_each_channel",
        "scaled_by_its_own_range",
        """\
def first_layer_maps(model, image_shape=(3, 32, 32)):
    weight = next(m for m in model.modules() if isinstance(m, nn.Linear)).weight.detach()
    maps = weight.reshape(-1, *image_shape)
    low, high = maps.amin((2, 3), keepdim=True), maps.amax((2, 3), keepdim=True)
    return (maps - low) / (high - low)
""",
        tells="Each channel has its own scale, which changes the colours.",
    ),
    Mistake(
        "first_layer_maps",
        "divided_by_the_maximum",
        "scaled_by_its_own_range",
        """\
def first_layer_maps(model, image_shape=(3, 32, 32)):
    weight = next(m for m in model.modules() if isinstance(m, nn.Linear)).weight.detach()
    return (weight / weight.abs().amax(1, keepdim=True)).reshape(-1, *image_shape).clamp(0, 1)
""",
        tells="The maps are divided by their largest value: negative weights are lost.",
    ),
    Mistake(
        "first_layer_maps",
        "scaled_pixel_by_pixel",
        ("scaled_by_its_own_range", "pixels_in_their_places"),
        """\
def first_layer_maps(model, image_shape=(3, 32, 32)):
    weight = next(m for m in model.modules() if isinstance(m, nn.Linear)).weight.detach()
    low, high = weight.amin(0), weight.amax(0)
    return ((weight - low) / (high - low)).reshape(-1, *image_shape)
""",
        tells="The scale is taken over the units, pixel by pixel.",
    ),
    Mistake(
        "first_layer_maps",
        "unscaled",
        "scaled_by_its_own_range",
        """\
def first_layer_maps(model, image_shape=(3, 32, 32)):
    weight = next(m for m in model.modules() if isinstance(m, nn.Linear)).weight.detach()
    return weight.reshape(-1, *image_shape).clone()
""",
        tells="The maps are not scaled to 0 to 1.",
    ),
    Mistake(
        "first_layer_maps",
        "second_child_only",
        "first_linear_layer_of_any_model",
        """\
def first_layer_maps(model, image_shape=(3, 32, 32)):
    weight = list(model.children())[1].weight.detach()
    low, high = weight.amin(1, keepdim=True), weight.amax(1, keepdim=True)
    return ((weight - low) / (high - low)).reshape(-1, *image_shape)
""",
        tells="The first linear layer is expected at one fixed place in the model.",
    ),
    Mistake(
        "first_layer_maps",
        "first_parameter",
        "first_linear_layer_of_any_model",
        """\
def first_layer_maps(model, image_shape=(3, 32, 32)):
    weight = next(model.parameters()).detach()
    low, high = weight.amin(-1, keepdim=True), weight.amax(-1, keepdim=True)
    return ((weight - low) / (high - low)).reshape(-1, *image_shape)
""",
        tells="The model's first parameter is taken for the first linear layer's weight.",
    ),
    Mistake(
        "first_layer_maps",
        "last_linear_layer",
        "first_linear_layer_of_any_model",
        """\
def first_layer_maps(model, image_shape=(3, 32, 32)):
    weight = [m for m in model.modules() if isinstance(m, nn.Linear)][-1].weight.detach()
    low, high = weight.amin(1, keepdim=True), weight.amax(1, keepdim=True)
    return ((weight - low) / (high - low)).reshape(-1, *image_shape)
""",
        tells="These are the maps of the last linear layer.",
    ),
    Mistake(
        "first_layer_maps",
        "colour_32_only",
        "pixels_in_their_places",
        """\
def first_layer_maps(model, image_shape=(3, 32, 32)):
    weight = next(m for m in model.modules() if isinstance(m, nn.Linear)).weight.detach()
    low, high = weight.amin(1, keepdim=True), weight.amax(1, keepdim=True)
    return ((weight - low) / (high - low)).reshape(-1, 3, 32, 32)
""",
        tells="The image shape is fixed, whatever is passed.",
    ),
    Mistake(
        "first_layer_maps",
        "gradients_switched_off",
        "model_untouched",
        """\
def first_layer_maps(model, image_shape=(3, 32, 32)):
    weight = next(m for m in model.modules() if isinstance(m, nn.Linear)).weight
    weight.requires_grad_(False)
    low, high = weight.amin(1, keepdim=True), weight.amax(1, keepdim=True)
    return ((weight - low) / (high - low)).reshape(-1, *image_shape)
""",
        tells="The model's weight no longer requires gradients.",
    ),
    Mistake(
        "first_layer_maps",
        "first_matrix_of_that_size",
        "first_linear_layer_of_any_model",
        """\
def first_layer_maps(model, image_shape=(3, 32, 32)):
    size = math.prod(image_shape)
    weight = next(
        w.detach() for w in model.state_dict().values() if w.ndim == 2 and w.shape[1] == size
    )
    low, high = weight.amin(1, keepdim=True), weight.amax(1, keepdim=True)
    return ((weight - low) / (high - low)).reshape(-1, *image_shape)
""",
        tells="The first matrix of that size is taken, whichever layer it belongs to.",
    ),
    Mistake(
        "first_layer_maps",
        "first_sixteen_units",
        "scaled_by_its_own_range",
        """\
def first_layer_maps(model, image_shape=(3, 32, 32)):
    weight = next(m for m in model.modules() if isinstance(m, nn.Linear)).weight.detach()[:16]
    low, high = weight.amin(1, keepdim=True), weight.amax(1, keepdim=True)
    return ((weight - low) / (high - low)).reshape(-1, *image_shape)
""",
        tells="Only the first units have maps.",
    ),
    Mistake(
        "first_layer_maps",
        "squeezed",
        "pixels_in_their_places",
        """\
def first_layer_maps(model, image_shape=(3, 32, 32)):
    weight = next(m for m in model.modules() if isinstance(m, nn.Linear)).weight.detach()
    low, high = weight.amin(1, keepdim=True), weight.amax(1, keepdim=True)
    return ((weight - low) / (high - low)).reshape(-1, *image_shape).squeeze()
""",
        tells="`squeeze` removes an axis where there is one unit or one channel.",
    ),
    Mistake(
        "first_layer_maps",
        "scale_of_the_first_unit",
        "scaled_by_its_own_range",
        """\
def first_layer_maps(model, image_shape=(3, 32, 32)):
    weight = next(m for m in model.modules() if isinstance(m, nn.Linear)).weight.detach()
    low, high = weight[0].min(), weight[0].max()
    return ((weight - low) / (high - low)).reshape(-1, *image_shape)
""",
        tells="The first unit's minimum and maximum are used for all maps.",
    ),
    Mistake(
        "first_layer_maps",
        "left_in_evaluation_mode",
        "model_untouched",
        """\
def first_layer_maps(model, image_shape=(3, 32, 32)):
    model.eval()
    weight = next(m for m in model.modules() if isinstance(m, nn.Linear)).weight.detach()
    low, high = weight.amin(1, keepdim=True), weight.amax(1, keepdim=True)
    return ((weight - low) / (high - low)).reshape(-1, *image_shape)
""",
        tells="The model is left in evaluation mode.",
    ),
    Mistake(
        "first_layer_maps",
        "statistics_moved",
        "model_untouched",
        """\
def first_layer_maps(model, image_shape=(3, 32, 32)):
    found = []
    hooks = [
        module.register_forward_hook(lambda layer, inputs, output: found.append(layer))
        for module in model.modules()
        if isinstance(module, nn.Linear)
    ]
    with torch.no_grad():
        model(torch.rand(2, *image_shape))
    for hook in hooks:
        hook.remove()
    weight = found[0].weight.detach()
    low, high = weight.amin(1, keepdim=True), weight.amax(1, keepdim=True)
    return ((weight - low) / (high - low)).reshape(-1, *image_shape)
""",
        tells="The model is run in training mode, which moves the statistics of its norm layers.",
    ),
    Mistake(
        "first_layer_maps",
        "in_whole_steps",
        "scaled_by_its_own_range",
        """\
def first_layer_maps(model, image_shape=(3, 32, 32)):
    weight = next(m for m in model.modules() if isinstance(m, nn.Linear)).weight.detach()
    low, high = weight.amin(1, keepdim=True), weight.amax(1, keepdim=True)
    maps = ((weight - low) / (high - low))
    return (255 * maps).byte().reshape(-1, *image_shape)
""",
        tells="The maps are bytes from 0 to 255; 0 to 1 was asked for.",
    ),
    Alternative(
        "first_layer_maps",
        "loop_over_clones",
        """\
def first_layer_maps(model, image_shape=(3, 32, 32)):
    for layer in model.modules():
        if type(layer) is nn.Linear:
            break
    maps = []
    for row in layer.weight.data.clone().unbind():
        row -= row.min().item()
        row /= row.max().item()
        maps.append(row.view(image_shape))
    return torch.stack(maps)
""",
    ),
    Alternative(
        "first_layer_maps",
        "recursion_and_numpy",
        """\
import numpy

def linear_layers(module):
    if isinstance(module, nn.Linear):
        yield module
    for child in module.children():
        yield from linear_layers(child)

def first_layer_maps(model, image_shape=(3, 32, 32)):
    rows = next(linear_layers(model)).weight.detach().cpu().double().numpy()
    maps = (rows - rows.min(1, keepdims=True)) / numpy.ptp(rows, axis=1, keepdims=True)
    return torch.tensor(maps.reshape(len(rows), *image_shape))
""",
    ),
    Alternative(
        "first_layer_maps",
        "found_with_hooks_in_evaluation_mode",
        """\
def first_layer_maps(model, image_shape=(3, 32, 32)):
    found, mode = [], model.training
    hooks = [
        module.register_forward_hook(lambda layer, inputs, output: found.append(layer))
        for module in model.modules()
        if isinstance(module, nn.Linear)
    ]
    model.eval()
    with torch.no_grad():
        model(torch.zeros(1, *image_shape))
    model.train(mode)
    for hook in hooks:
        hook.remove()
    rows = found[0].weight.detach().double()
    return torch.stack(
        [((r - r.min()) / (r.max() - r.min() + 1e-8)).reshape(image_shape) for r in rows]
    )
""",
    ),
    Alternative(
        "first_layer_maps",
        "with_its_graph",
        """\
def first_layer_maps(model, image_shape=(3, 32, 32)):
    layer = [module for _, module in model.named_modules() if isinstance(module, nn.Linear)][0]
    maps = layer.weight.unflatten(1, image_shape)
    low, high = maps.amin((1, 2, 3), keepdim=True), maps.amax((1, 2, 3), keepdim=True)
    return (maps - low).div(high - low)
""",
    ),
    Mistake(
        "first_layer_maps",
        "looks_into_sequential_only",
        "first_linear_layer_of_any_model",
        """\
def first_layer_maps(model, image_shape=(3, 32, 32)):

    def find(module):
        if isinstance(module, nn.Linear):
            return module
        if isinstance(module, nn.Sequential) or module is model:
            for child in module.children():
                found = find(child)
                if found is not None:
                    return found

    layer = find(model)
    weight = layer.weight.detach()
    low = weight.amin(1, keepdim=True)
    high = weight.amax(1, keepdim=True)
    return ((weight - low) / (high - low)).reshape(-1, *image_shape)
""",
        tells="The layer is looked for in nn.Sequential only; it may lie in any module.",
    ),
    Mistake(
        "first_layer_maps",
        "first_by_name",
        "first_linear_layer_of_any_model",
        """\
def first_layer_maps(model, image_shape=(3, 32, 32)):
    layer = next(m for _, m in sorted(model.named_modules()) if isinstance(m, nn.Linear))
    weight = layer.weight.detach()
    low = weight.amin(1, keepdim=True)
    high = weight.amax(1, keepdim=True)
    return ((weight - low) / (high - low)).reshape(-1, *image_shape)
""",
        tells="The layers are sorted by name; the first of them need not be the first layer.",
    ),
    Mistake(
        "first_layer_maps",
        "most_inputs",
        "first_linear_layer_of_any_model",
        """\
def first_layer_maps(model, image_shape=(3, 32, 32)):
    layer = max((m for m in model.modules() if isinstance(m, nn.Linear)), key=lambda m: m.in_features)
    weight = layer.weight.detach()
    low = weight.amin(1, keepdim=True)
    high = weight.amax(1, keepdim=True)
    return ((weight - low) / (high - low)).reshape(-1, *image_shape)
""",
        tells="The linear layer with most inputs is taken; a later one may have more than the first.",
    ),
    Mistake(
        "first_layer_maps",
        "small_ranges_enlarged",
        "scaled_by_its_own_range",
        """\
def first_layer_maps(model, image_shape=(3, 32, 32)):
    layer = next(module for module in model.modules() if isinstance(module, nn.Linear))
    weight = layer.weight.detach()
    low = weight.amin(1, keepdim=True)
    high = weight.amax(1, keepdim=True)
    return ((weight - low) / (high - low).clamp(min=0.1)).reshape(-1, *image_shape)
""",
        tells="Ranges below 0.1 count as 0.1, so the maps of small weights do not reach 1.",
    ),
    Mistake(
        "first_layer_maps",
        "training_mode_afterwards",
        "model_untouched",
        """\
def first_layer_maps(model, image_shape=(3, 32, 32)):
    model.eval()
    layer = next(module for module in model.modules() if isinstance(module, nn.Linear))
    weight = layer.weight.detach()
    low = weight.amin(1, keepdim=True)
    high = weight.amax(1, keepdim=True)
    maps = ((weight - low) / (high - low)).reshape(-1, *image_shape)
    model.train()
    return maps
""",
        tells="The model is in training mode afterwards, even if it was in evaluation mode before.",
    ),
    Mistake(
        "first_layer_maps",
        "gradients_cleared",
        "model_untouched",
        """\
def first_layer_maps(model, image_shape=(3, 32, 32)):
    model.zero_grad()
    layer = next(module for module in model.modules() if isinstance(module, nn.Linear))
    weight = layer.weight.detach()
    low = weight.amin(1, keepdim=True)
    high = weight.amax(1, keepdim=True)
    return ((weight - low) / (high - low)).reshape(-1, *image_shape)
""",
        tells="The model's gradients are cleared.",
    ),
    Mistake(
        "first_layer_maps",
        "hook_left",
        "model_untouched",
        """\
def first_layer_maps(model, image_shape=(3, 32, 32)):

    found = []

    def note(module, inputs, output):
        found.append(module)

    layer = next(module for module in model.modules() if isinstance(module, nn.Linear))
    layer.register_forward_hook(note)
    weight = layer.weight.detach()
    low = weight.amin(1, keepdim=True)
    high = weight.amax(1, keepdim=True)
    return ((weight - low) / (high - low)).reshape(-1, *image_shape)
""",
        tells="A hook is left on the first layer.",
    ),
    Mistake(
        "first_layer_maps",
        "frozen_layers_thawed",
        "model_untouched",
        """\
def first_layer_maps(model, image_shape=(3, 32, 32)):
    layer = next(module for module in model.modules() if isinstance(module, nn.Linear))
    for p in model.parameters():
        p.requires_grad_(True)
    weight = layer.weight.detach()
    low = weight.amin(1, keepdim=True)
    high = weight.amax(1, keepdim=True)
    return ((weight - low) / (high - low)).reshape(-1, *image_shape)
""",
        tells="Frozen parameters of the model can be trained afterwards.",
    ),
    Alternative(
        "first_layer_maps",
        "collected_by_apply",
        """\
def first_layer_maps(model, image_shape=(3, 32, 32)):

    found = []
    model.apply(lambda m: found.append(m) if isinstance(m, nn.Linear) else None)
    order = {id(m): k for k, m in enumerate(model.modules())}
    layer = min(found, key=lambda m: order[id(m)])
    with torch.no_grad():
        flat = layer.weight.double()
        flat = flat - flat.min(1)[0].unsqueeze(1)
        flat = flat / flat.max(1)[0].unsqueeze(1)
    return flat.unflatten(1, image_shape)
""",
    ),
]
