"""Answers of assignment 04: the spread of weights, the gain, initializing a model."""

from autograder.checking import Alternative, Mistake

ANSWERS: list[Mistake | Alternative] = [
    Mistake(
        "xavier_std",
        "variance",
        "std_of_both_fans",
        """\
def xavier_std(fan_in, fan_out, gain=1.0):
    return gain * 2 / (fan_in + fan_out)


def xavier_bound(fan_in, fan_out, gain=1.0):
    return gain * math.sqrt(6 / (fan_in + fan_out))
""",
        tells="This is the variance: the root is missing.",
    ),
    Mistake(
        "xavier_std",
        "fan_in_only",
        "std_of_both_fans",
        """\
def xavier_std(fan_in, fan_out, gain=1.0):
    return gain / math.sqrt(fan_in)


def xavier_bound(fan_in, fan_out, gain=1.0):
    return gain * math.sqrt(3 / fan_in)
""",
        tells="Only `fan_in` is used.",
    ),
    Mistake(
        "xavier_std",
        "root_of_the_product",
        "std_of_both_fans",
        """\
def xavier_std(fan_in, fan_out, gain=1.0):
    return gain / (fan_in * fan_out) ** 0.25


def xavier_bound(fan_in, fan_out, gain=1.0):
    return math.sqrt(3) * xavier_std(fan_in, fan_out, gain)
""",
        tells="This is the geometric mean of the fans; their sum was asked for.",
    ),
    Mistake(
        "xavier_std",
        "three_for_six",
        "bound_of_the_same_variance",
        """\
def xavier_std(fan_in, fan_out, gain=1.0):
    return gain * math.sqrt(2 / (fan_in + fan_out))


def xavier_bound(fan_in, fan_out, gain=1.0):
    return gain * math.sqrt(3 / (fan_in + fan_out))
""",
        tells="The bound is too small by the factor √2.",
    ),
    Mistake(
        "xavier_std",
        "width_for_bound",
        "bound_of_the_same_variance",
        """\
def xavier_std(fan_in, fan_out, gain=1.0):
    return gain * math.sqrt(2 / (fan_in + fan_out))


def xavier_bound(fan_in, fan_out, gain=1.0):
    return math.sqrt(12) * xavier_std(fan_in, fan_out, gain)
""",
        tells="This is the whole width of the interval, from -bound to bound.",
    ),
    Mistake(
        "xavier_std",
        "gain_inside_the_root",
        "gain_scales_both",
        """\
def xavier_std(fan_in, fan_out, gain=1.0):
    return math.sqrt(2 * gain / (fan_in + fan_out))


def xavier_bound(fan_in, fan_out, gain=1.0):
    return math.sqrt(6 * gain / (fan_in + fan_out))
""",
        tells="The gain stands under the root.",
    ),
    Mistake(
        "xavier_std",
        "gain_ignored_in_the_bound",
        "gain_scales_both",
        """\
def xavier_std(fan_in, fan_out, gain=1.0):
    return gain * math.sqrt(2 / (fan_in + fan_out))


def xavier_bound(fan_in, fan_out, gain=1.0):
    return math.sqrt(6 / (fan_in + fan_out))
""",
        tells="The bound does not depend on the gain.",
    ),
    Mistake(
        "xavier_std",
        "gain_squared",
        "gain_scales_both",
        """\
def xavier_std(fan_in, fan_out, gain=1.0):
    return gain**2 * math.sqrt(2 / (fan_in + fan_out))


def xavier_bound(fan_in, fan_out, gain=1.0):
    return gain**2 * math.sqrt(6 / (fan_in + fan_out))
""",
        tells="The gain is squared.",
    ),
    Mistake(
        "xavier_std",
        "integer_division",
        "std_of_both_fans",
        """\
def xavier_std(fan_in, fan_out, gain=1.0):
    return gain * math.sqrt(1 / ((fan_in + fan_out) // 2))


def xavier_bound(fan_in, fan_out, gain=1.0):
    return gain * math.sqrt(3 / ((fan_in + fan_out) // 2))
""",
        tells="An integer division loses a half where the sum of the fans is odd.",
    ),
    Mistake(
        "xavier_std",
        "standard_gain_of_relu",
        "gain_scales_both",
        """\
def xavier_std(fan_in, fan_out, gain=math.sqrt(2)):
    return gain * math.sqrt(2 / (fan_in + fan_out))


def xavier_bound(fan_in, fan_out, gain=math.sqrt(2)):
    return gain * math.sqrt(6 / (fan_in + fan_out))
""",
        tells="The default gain is not 1.",
    ),
    Alternative(
        "xavier_std",
        "tensors",
        """\
def xavier_std(fan_in, fan_out, gain=1.0):
    variance = torch.tensor(gain) ** 2 * 2 / (fan_in + fan_out)
    return variance.sqrt()


def xavier_bound(fan_in, fan_out, gain=1.0):
    return torch.sqrt(3 * xavier_std(fan_in, fan_out, gain) ** 2)
""",
    ),
    Alternative(
        "xavier_std",
        "numpy_and_lambda",
        """\
xavier_std = lambda fan_in, fan_out, gain=1: np.sqrt(2.0 / np.add(fan_in, fan_out)) * gain
xavier_bound = lambda fan_in, fan_out, gain=1: np.float32(3**0.5 * xavier_std(fan_in, fan_out, gain))
""",
    ),
    Alternative(
        "xavier_std",
        "one_from_the_other",
        """\
def xavier_bound(fan_in, fan_out, gain=1.0):
    variance = gain**2 / ((fan_in + fan_out) / 2)
    return (3 * variance) ** 0.5


def xavier_std(fan_in, fan_out, gain=1.0, factor=3):
    return xavier_bound(fan_in, fan_out, gain) / factor**0.5
""",
    ),
    Alternative(
        "xavier_std",
        "other_kinds_of_scalars",
        """\
def xavier_std(fan_in, fan_out, gain=1.0):
    return torch.tensor(gain * (2 / (fan_in + fan_out)) ** 0.5, dtype=torch.float64)


def xavier_bound(fan_in, fan_out, gain=1.0):
    return np.array(gain * (6 / (fan_in + fan_out)) ** 0.5)
""",
    ),
    Mistake(
        "leaky_relu_gain",
        "no_root",
        "keeps_the_mean_square",
        """\
def leaky_relu_gain(negative_slope):
    return 2 / (1 + negative_slope**2)
""",
        tells="The root is missing.",
    ),
    Mistake(
        "leaky_relu_gain",
        "slope_not_squared",
        "keeps_the_mean_square",
        """\
def leaky_relu_gain(negative_slope):
    return math.sqrt(2 / (1 + negative_slope))
""",
        tells="The slope is not squared.",
    ),
    Mistake(
        "leaky_relu_gain",
        "neither_root_nor_square",
        "keeps_the_mean_square",
        """\
def leaky_relu_gain(negative_slope):
    return 2 / (1 + negative_slope)
""",
        tells="The root is missing, and the slope is not squared.",
    ),
    Mistake(
        "leaky_relu_gain",
        "from_the_variance",
        "keeps_the_mean_square",
        """\
def leaky_relu_gain(negative_slope):
    mean = (1 - negative_slope) / math.sqrt(2 * math.pi)
    return 1 / math.sqrt((1 + negative_slope**2) / 2 - mean**2)
""",
        tells=(
            "This keeps the variance, and the mean square was to be kept: after the activation "
            "the mean is not zero."
        ),
    ),
    Mistake(
        "leaky_relu_gain",
        "gain_of_relu",
        ("keeps_the_mean_square", "one_for_the_identity"),
        """\
def leaky_relu_gain(negative_slope):
    return math.sqrt(2)
""",
        tells="This is the gain of ReLU, whatever the slope.",
    ),
    Mistake(
        "leaky_relu_gain",
        "straight_line_between_the_ends",
        "keeps_the_mean_square",
        """\
def leaky_relu_gain(negative_slope):
    return math.sqrt(2) + (1 - math.sqrt(2)) * negative_slope
""",
        tells="Only slopes 0 and 1 are right: between them the gain is not a straight line.",
    ),
    Mistake(
        "leaky_relu_gain",
        "default_where_slope_is_zero",
        "keeps_the_mean_square",
        """\
def leaky_relu_gain(negative_slope):
    return math.sqrt(2 / (1 + (negative_slope or 0.01) ** 2))
""",
        tells="A slope of 0 is taken for a missing one.",
    ),
    Mistake(
        "leaky_relu_gain",
        "measured_roughly",
        ("keeps_the_mean_square", "one_for_the_identity"),
        """\
def leaky_relu_gain(negative_slope):
    o = torch.randn(1000)
    return 1 / F.leaky_relu(o, negative_slope).square().mean().sqrt().item()
""",
        tells="The gain is measured on random numbers, so it is not exact.",
    ),
    Alternative(
        "leaky_relu_gain",
        "torch_knows_it",
        """\
def leaky_relu_gain(negative_slope):
    return nn.init.calculate_gain("leaky_relu", negative_slope)
""",
    ),
    Alternative(
        "leaky_relu_gain",
        "float32_tensor",
        """\
def leaky_relu_gain(negative_slope=0.01):
    return torch.rsqrt((1 + torch.tensor(float(negative_slope)) ** 2) / 2)
""",
    ),
    Alternative(
        "leaky_relu_gain",
        "numpy_scalar",
        """\
def leaky_relu_gain(negative_slope):
    share = np.mean(np.square([1.0, negative_slope]))
    return share**-0.5
""",
    ),
    Mistake(
        "xavier_init",
        "biases_random",
        "every_linear_and_nothing_else",
        """\
def xavier_init(model, gain, mode):
    if mode not in ("normal", "uniform"):
        raise ValueError(mode)
    for module in model.modules():
        if isinstance(module, nn.Linear):
            fans = module.in_features, module.out_features
            if mode == "normal":
                nn.init.normal_(module.weight, 0, xavier_std(*fans, gain))
            else:
                bound = xavier_bound(*fans, gain)
                nn.init.uniform_(module.weight, -bound, bound)
    return model
""",
        tells="The biases are left unchanged; they should be zero.",
    ),
    Mistake(
        "xavier_init",
        "gain_ignored",
        "spread_of_the_weights",
        """\
def xavier_init(model, gain, mode):
    fill = {"normal": nn.init.xavier_normal_, "uniform": nn.init.xavier_uniform_}
    if mode not in fill:
        raise ValueError(mode)
    for module in model.modules():
        if isinstance(module, nn.Linear):
            fill[mode](module.weight)
            if module.bias is not None:
                nn.init.zeros_(module.bias)
    return model
""",
        tells="`gain` makes no difference.",
    ),
    Mistake(
        "xavier_init",
        "top_level_only",
        "every_linear_and_nothing_else",
        """\
def xavier_init(model, gain, mode):
    fill = {"normal": nn.init.xavier_normal_, "uniform": nn.init.xavier_uniform_}
    if mode not in fill:
        raise ValueError(mode)
    for module in model.children():
        if isinstance(module, nn.Linear):
            fill[mode](module.weight, gain)
            if module.bias is not None:
                nn.init.zeros_(module.bias)
    return model
""",
        tells="Only layers directly in the model are found, not those inside its parts.",
    ),
    Mistake(
        "xavier_init",
        "recursion_misses_the_model_itself",
        "every_linear_and_nothing_else",
        """\
def xavier_init(model, gain, mode):
    fill = {"normal": nn.init.xavier_normal_, "uniform": nn.init.xavier_uniform_}
    if mode not in fill:
        raise ValueError(mode)
    for module in model.children():
        if isinstance(module, nn.Linear):
            fill[mode](module.weight, gain)
            if module.bias is not None:
                nn.init.zeros_(module.bias)
        else:
            xavier_init(module, gain, mode)
    return model
""",
        tells="A model that is itself a linear layer is not initialized.",
    ),
    Mistake(
        "xavier_init",
        "exact_class_only",
        "every_linear_and_nothing_else",
        """\
def xavier_init(model, gain, mode):
    fill = {"normal": nn.init.xavier_normal_, "uniform": nn.init.xavier_uniform_}
    if mode not in fill:
        raise ValueError(mode)
    for module in model.modules():
        if type(module) is nn.Linear:
            fill[mode](module.weight, gain)
            if module.bias is not None:
                nn.init.zeros_(module.bias)
    return model
""",
        tells="Subclasses of `nn.Linear` are missed.",
    ),
    Mistake(
        "xavier_init",
        "unknown_mode_is_uniform",
        "refuses_unknown_modes",
        """\
def xavier_init(model, gain, mode):
    for module in model.modules():
        if isinstance(module, nn.Linear):
            if mode == "normal":
                nn.init.xavier_normal_(module.weight, gain)
            else:
                nn.init.xavier_uniform_(module.weight, gain)
            if module.bias is not None:
                nn.init.zeros_(module.bias)
    return model
""",
        tells='An unknown mode is treated as "uniform"; it should be refused.',
    ),
    Mistake(
        "xavier_init",
        "refuses_too_late",
        "refuses_unknown_modes",
        """\
def xavier_init(model, gain, mode):
    for module in model.modules():
        if isinstance(module, nn.Linear):
            if module.bias is not None:
                nn.init.zeros_(module.bias)
            if mode == "normal":
                nn.init.xavier_normal_(module.weight, gain)
            elif mode == "uniform":
                nn.init.xavier_uniform_(module.weight, gain)
            else:
                raise ValueError(mode)
    return model
""",
        tells="An unknown mode is refused only after something has been changed.",
    ),
    Mistake(
        "xavier_init",
        "assertion_for_unknown_mode",
        "refuses_unknown_modes",
        """\
def xavier_init(model, gain, mode):
    assert mode in ("normal", "uniform")
    for module in model.modules():
        if isinstance(module, nn.Linear):
            fill = nn.init.xavier_normal_ if mode == "normal" else nn.init.xavier_uniform_
            fill(module.weight, gain)
            if module.bias is not None:
                nn.init.zeros_(module.bias)
    return model
""",
        tells="An unknown mode raises an AssertionError; a ValueError was asked for.",
    ),
    Mistake(
        "xavier_init",
        "part_of_a_name_is_enough",
        "refuses_unknown_modes",
        """\
def xavier_init(model, gain, mode):
    if "normal" in mode:
        fill = nn.init.xavier_normal_
    elif "uniform" in mode:
        fill = nn.init.xavier_uniform_
    else:
        raise ValueError(mode)
    for module in model.modules():
        if isinstance(module, nn.Linear):
            fill(module.weight, gain)
            if module.bias is not None:
                nn.init.zeros_(module.bias)
    return model
""",
        tells='A mode that merely contains "normal" or "uniform" is accepted.',
    ),
    Mistake(
        "xavier_init",
        "set_to_evaluation_mode",
        "works_in_place",
        """\
def xavier_init(model, gain, mode):
    fill = {"normal": nn.init.xavier_normal_, "uniform": nn.init.xavier_uniform_}
    if mode not in fill:
        raise ValueError(mode)
    for module in model.modules():
        if isinstance(module, nn.Linear):
            fill[mode](module.weight, gain)
            if module.bias is not None:
                nn.init.zeros_(module.bias)
    return model.eval()
""",
        tells="The model is switched to evaluation mode.",
    ),
    Mistake(
        "xavier_init",
        "every_matrix",
        "every_linear_and_nothing_else",
        """\
def xavier_init(model, gain, mode):
    fill = {"normal": nn.init.xavier_normal_, "uniform": nn.init.xavier_uniform_}
    if mode not in fill:
        raise ValueError(mode)
    for name, parameter in model.named_parameters():
        if parameter.ndim > 1:
            fill[mode](parameter, gain)
        elif name.endswith("bias"):
            nn.init.zeros_(parameter)
    return model
""",
        tells="Every matrix is initialized, not only those of linear layers.",
    ),
    Mistake(
        "xavier_init",
        "new_parameters",
        "works_in_place",
        """\
def xavier_init(model, gain, mode):
    fill = {"normal": nn.init.xavier_normal_, "uniform": nn.init.xavier_uniform_}
    if mode not in fill:
        raise ValueError(mode)
    for module in model.modules():
        if isinstance(module, nn.Linear):
            module.weight = nn.Parameter(fill[mode](torch.empty_like(module.weight), gain))
            if module.bias is not None:
                module.bias = nn.Parameter(torch.zeros_like(module.bias))
    return model
""",
        tells=(
            "The parameters of the given model are unchanged: new ones were made, or a copy "
            "was filled."
        ),
    ),
    Mistake(
        "xavier_init",
        "copy_returned",
        "works_in_place",
        """\
import copy


def xavier_init(model, gain, mode):
    fill = {"normal": nn.init.xavier_normal_, "uniform": nn.init.xavier_uniform_}
    if mode not in fill:
        raise ValueError(mode)
    model = copy.deepcopy(model)
    for module in model.modules():
        if isinstance(module, nn.Linear):
            fill[mode](module.weight, gain)
            if module.bias is not None:
                nn.init.zeros_(module.bias)
    return model
""",
        tells=(
            "The parameters of the given model are unchanged: new ones were made, or a copy "
            "was filled."
        ),
    ),
    Mistake(
        "xavier_init",
        "nothing_returned",
        "works_in_place",
        """\
def xavier_init(model, gain, mode):
    fill = {"normal": nn.init.xavier_normal_, "uniform": nn.init.xavier_uniform_}
    if mode not in fill:
        raise ValueError(mode)
    for module in model.modules():
        if isinstance(module, nn.Linear):
            fill[mode](module.weight, gain)
            if module.bias is not None:
                nn.init.zeros_(module.bias)
""",
        tells="Nothing is returned; the model was asked for.",
    ),
    Mistake(
        "xavier_init",
        "no_bias_crashes",
        "every_linear_and_nothing_else",
        """\
def xavier_init(model, gain, mode):
    fill = {"normal": nn.init.xavier_normal_, "uniform": nn.init.xavier_uniform_}
    if mode not in fill:
        raise ValueError(mode)
    for module in model.modules():
        if isinstance(module, nn.Linear):
            fill[mode](module.weight, gain)
            nn.init.zeros_(module.bias)
    return model
""",
        tells="A linear layer without bias is not handled.",
    ),
    Mistake(
        "xavier_init",
        "seed_inside",
        "normal_or_uniform",
        """\
def xavier_init(model, gain, mode):
    fill = {"normal": nn.init.xavier_normal_, "uniform": nn.init.xavier_uniform_}
    if mode not in fill:
        raise ValueError(mode)
    torch.manual_seed(0)
    for module in model.modules():
        if isinstance(module, nn.Linear):
            fill[mode](module.weight, gain)
            if module.bias is not None:
                nn.init.zeros_(module.bias)
    return model
""",
        tells="A seed is set inside, so every call draws the same weights.",
    ),
    Mistake(
        "xavier_init",
        "std_as_bound",
        "spread_of_the_weights",
        """\
def xavier_init(model, gain, mode):
    if mode not in ("normal", "uniform"):
        raise ValueError(mode)
    for module in model.modules():
        if isinstance(module, nn.Linear):
            std = xavier_std(module.in_features, module.out_features, gain)
            if mode == "normal":
                nn.init.normal_(module.weight, 0, std)
            else:
                nn.init.uniform_(module.weight, -std, std)
            if module.bias is not None:
                nn.init.zeros_(module.bias)
    return model
""",
        tells="The standard deviation is used as the bound of the uniform weights.",
    ),
    Mistake(
        "xavier_init",
        "positive_half_only",
        "normal_or_uniform",
        """\
def xavier_init(model, gain, mode):
    if mode not in ("normal", "uniform"):
        raise ValueError(mode)
    for module in model.modules():
        if isinstance(module, nn.Linear):
            fans = module.in_features, module.out_features
            if mode == "normal":
                nn.init.normal_(module.weight, 0, xavier_std(*fans, gain))
            else:
                nn.init.uniform_(module.weight, 0, xavier_bound(*fans, gain))
            if module.bias is not None:
                nn.init.zeros_(module.bias)
    return model
""",
        tells="The uniform weights are all positive.",
    ),
    Mistake(
        "xavier_init",
        "normal_cut_off",
        ("normal_or_uniform", "spread_of_the_weights"),
        """\
def xavier_init(model, gain, mode):
    if mode not in ("normal", "uniform"):
        raise ValueError(mode)
    for module in model.modules():
        if isinstance(module, nn.Linear):
            fans = module.in_features, module.out_features
            std, bound = xavier_std(*fans, gain), xavier_bound(*fans, gain)
            if mode == "normal":
                nn.init.trunc_normal_(module.weight, 0, std, -2 * std, 2 * std)
            else:
                nn.init.uniform_(module.weight, -bound, bound)
            if module.bias is not None:
                nn.init.zeros_(module.bias)
    return model
""",
        tells="The normal weights are cut off, which makes their spread too small.",
    ),
    Mistake(
        "xavier_init",
        "one_row_for_all_units",
        ("normal_or_uniform", "spread_of_the_weights"),
        """\
@torch.no_grad()
def xavier_init(model, gain, mode):
    if mode not in ("normal", "uniform"):
        raise ValueError(mode)
    for module in model.modules():
        if isinstance(module, nn.Linear):
            fans = module.in_features, module.out_features
            if mode == "normal":
                row = torch.randn(fans[0]) * xavier_std(*fans, gain)
            else:
                row = (torch.rand(fans[0]) * 2 - 1) * xavier_bound(*fans, gain)
            module.weight.copy_(row.expand_as(module.weight))
            if module.bias is not None:
                module.bias.zero_()
    return model
""",
        tells="All units of a layer get the same weights.",
    ),
    Mistake(
        "xavier_init",
        "norm_layers_too",
        "every_linear_and_nothing_else",
        """\
def xavier_init(model, gain, mode):
    fill = {"normal": nn.init.xavier_normal_, "uniform": nn.init.xavier_uniform_}
    if mode not in fill:
        raise ValueError(mode)
    for module in model.modules():
        if isinstance(module, nn.Linear):
            fill[mode](module.weight, gain)
        if getattr(module, "bias", None) is not None:
            nn.init.zeros_(module.bias)
    return model
""",
        tells="Biases of layers other than the linear ones are changed too.",
    ),
    Alternative(
        "xavier_init",
        "torch_fills",
        """\
def xavier_init(model, gain, mode):
    try:
        fill = {"normal": nn.init.xavier_normal_, "uniform": nn.init.xavier_uniform_}[mode]
    except KeyError:
        raise ValueError(f"unknown mode {mode}") from None

    def visit(module):
        if isinstance(module, nn.Linear):
            fill(module.weight, gain=gain)
            if module.bias is not None:
                module.bias.data.zero_()

    return model.apply(visit)
""",
    ),
    Alternative(
        "xavier_init",
        "scaled_random_numbers",
        """\
def xavier_init(model, gain=1.0, mode="normal", generator=None):
    class UnknownMode(ValueError):
        pass

    match mode:
        case "normal" | "uniform":
            pass
        case _:
            raise UnknownMode(mode)
    with torch.no_grad():
        for name, module in list(model.named_modules())[::-1]:
            if not isinstance(module, nn.Linear):
                continue
            fan_out, fan_in = module.weight.shape
            noise = torch.empty(fan_in, fan_out)
            if mode == "normal":
                noise.normal_(generator=generator)
            else:
                noise = (torch.rand(fan_in, fan_out, generator=generator) - 0.5) * 12**0.5
            module.weight[:] = (noise * (gain * (2 / (fan_in + fan_out)) ** 0.5)).T
            if module.bias is not None:
                module.bias *= 0
    return model
""",
    ),
    Alternative(
        "xavier_init",
        "own_recursion",
        """\
def xavier_init(model, gain, mode):
    if mode == "normal":
        def draw(out, into):
            return torch.randn(out, into) * xavier_std(into, out, gain)
    elif mode == "uniform":
        def draw(out, into):
            bound = xavier_bound(into, out, gain)
            return torch.distributions.Uniform(-bound, bound).sample((out, into))
    else:
        raise ValueError
    if isinstance(model, nn.Linear):
        model.weight.data.copy_(draw(*model.weight.shape))
        if model.bias is not None:
            model.bias.data.fill_(0)
    for child in model.children():
        xavier_init(child, gain, mode)
    return model
""",
    ),
    Alternative(
        "xavier_init",
        "numpy_draws_as_data",
        """\
def xavier_init(model, gain, mode):
    rng = np.random.default_rng()
    if mode not in ["normal", "uniform"]:
        raise ValueError(mode)
    linears = [m for m in model.modules() if isinstance(m, nn.Linear)]
    for linear in linears:
        fans = linear.in_features + linear.out_features
        if mode == "normal":
            values = rng.normal(0, gain * np.sqrt(2 / fans), linear.weight.shape)
        else:
            values = rng.uniform(-1, 1, linear.weight.shape) * gain * np.sqrt(6 / fans)
        linear.weight.data = torch.from_numpy(values).float()
        if linear.bias is not None:
            linear.bias.data[...] = 0
    return model
""",
    ),
    Mistake(
        "xavier_std",
        "rounded",
        ("std_of_both_fans", "bound_of_the_same_variance", "gain_scales_both"),
        """\
def xavier_std(fan_in, fan_out, gain=1.0):
    return round(gain * math.sqrt(2 / (fan_in + fan_out)), 3)


def xavier_bound(fan_in, fan_out, gain=1.0):
    return round(gain * math.sqrt(6 / (fan_in + fan_out)), 3)
""",
        tells="The numbers are rounded.",
    ),
    Mistake(
        "xavier_std",
        "gain_cut_to_a_whole_number",
        "gain_scales_both",
        """\
def xavier_std(fan_in, fan_out, gain=1.0):
    return int(gain) * math.sqrt(2 / (fan_in + fan_out))


def xavier_bound(fan_in, fan_out, gain=1.0):
    return int(gain) * math.sqrt(6 / (fan_in + fan_out))
""",
        tells="The gain is cut to a whole number.",
    ),
    Mistake(
        "xavier_std",
        "constant",
        ("std_of_both_fans", "bound_of_the_same_variance", "gain_scales_both"),
        """\
def xavier_std(fan_in, fan_out, gain=1.0):
    return 0.1


def xavier_bound(fan_in, fan_out, gain=1.0):
    return 0.1*3**.5
""",
        tells="A constant is returned, whatever the fans and the gain.",
    ),
    Mistake(
        "xavier_std",
        "gain_only",
        ("std_of_both_fans", "bound_of_the_same_variance", "gain_scales_both"),
        """\
def xavier_std(fan_in, fan_out, gain=1.0):
    return gain


def xavier_bound(fan_in, fan_out, gain=1.0):
    return gain*3**.5
""",
        tells="The fans make no difference.",
    ),
    Mistake(
        "xavier_std",
        "fan_out_only",
        "std_of_both_fans",
        """\
def xavier_std(fan_in, fan_out, gain=1.0):
    return gain / math.sqrt(fan_out)


def xavier_bound(fan_in, fan_out, gain=1.0):
    return gain * math.sqrt(3 / fan_out)
""",
        tells="Only `fan_out` is used.",
    ),
    Mistake(
        "xavier_std",
        "bound_is_std",
        "bound_of_the_same_variance",
        """\
def xavier_std(fan_in, fan_out, gain=1.0):
    return gain * math.sqrt(2 / (fan_in + fan_out))


def xavier_bound(fan_in, fan_out, gain=1.0):
    return gain * math.sqrt(2 / (fan_in + fan_out))
""",
        tells="The standard deviation is returned as the bound.",
    ),
    Mistake(
        "xavier_std",
        "divided_by_gain",
        "gain_scales_both",
        """\
def xavier_std(fan_in, fan_out, gain=1.0):
    return math.sqrt(2 / (fan_in + fan_out)) / gain


def xavier_bound(fan_in, fan_out, gain=1.0):
    return math.sqrt(6 / (fan_in + fan_out)) / gain
""",
        tells="It is divided by the gain.",
    ),
    Mistake(
        "xavier_std",
        "larger_fan_only",
        "std_of_both_fans",
        """\
def xavier_std(fan_in, fan_out, gain=1.0):
    return gain / math.sqrt(max(fan_in, fan_out))


def xavier_bound(fan_in, fan_out, gain=1.0):
    return gain * math.sqrt(3 / max(fan_in, fan_out))
""",
        tells="Only the larger fan is used.",
    ),
    Mistake(
        "xavier_std",
        "bound_without_root",
        "bound_of_the_same_variance",
        """\
def xavier_std(fan_in, fan_out, gain=1.0):
    return gain * math.sqrt(2 / (fan_in + fan_out))


def xavier_bound(fan_in, fan_out, gain=1.0):
    return gain * 6 / (fan_in + fan_out)
""",
        tells="The root of the bound is missing.",
    ),
    Mistake(
        "leaky_relu_gain",
        "slope_cut_to_a_whole_number",
        ("keeps_the_mean_square", "one_for_the_identity"),
        """\
def leaky_relu_gain(negative_slope):
    return math.sqrt(2 / (1 + int(negative_slope)**2))
""",
        tells="The slope is cut to a whole number.",
    ),
    Mistake(
        "leaky_relu_gain",
        "two_minus_the_slope",
        "keeps_the_mean_square",
        """\
def leaky_relu_gain(negative_slope):
    return 2 - negative_slope
""",
        tells="The gain is a straight line in the slope.",
    ),
    Mistake(
        "leaky_relu_gain",
        "slope_cut_off_at_one",
        "keeps_the_mean_square",
        """\
def leaky_relu_gain(negative_slope):
    return math.sqrt(2 / (1 + min(negative_slope, 1)**2))
""",
        tells="Slopes above 1 are treated as 1.",
    ),
    Mistake(
        "leaky_relu_gain",
        "slope_outside_the_root",
        ("keeps_the_mean_square", "one_for_the_identity"),
        """\
def leaky_relu_gain(negative_slope):
    return math.sqrt(2) / (1 + negative_slope)
""",
        tells="The slope stands outside the root, without its square.",
    ),
    Mistake(
        "leaky_relu_gain",
        "minus_for_plus",
        ("keeps_the_mean_square", "one_for_the_identity"),
        """\
def leaky_relu_gain(negative_slope):
    return math.sqrt(2 / (1 - negative_slope**2)) if negative_slope < 1 else 1
""",
        tells="The square of the slope is subtracted; both halves add to the mean square.",
    ),
    Mistake(
        "xavier_init",
        "every_module_with_a_matrix_and_a_bias",
        "every_linear_and_nothing_else",
        """\
def xavier_init(model, gain, mode):
    fill = {"normal": nn.init.xavier_normal_, "uniform": nn.init.xavier_uniform_}
    if mode not in fill:
        raise ValueError(mode)
    for module in model.modules():
        if getattr(module, "weight", None) is not None and module.weight.ndim == 2 and hasattr(module, "bias"):
            fill[mode](module.weight, gain)
            if module.bias is not None:
                nn.init.zeros_(module.bias)
    return model
""",
        tells="A module that only looks like a linear layer is taken for one.",
    ),
    Mistake(
        "xavier_init",
        "embeddings_too",
        "every_linear_and_nothing_else",
        """\
def xavier_init(model, gain, mode):
    fill = {"normal": nn.init.xavier_normal_, "uniform": nn.init.xavier_uniform_}
    if mode not in fill:
        raise ValueError(mode)
    for module in model.modules():
        if isinstance(module, (nn.Linear, nn.Embedding)):
            fill[mode](module.weight, gain)
            if getattr(module, "bias", None) is not None:
                nn.init.zeros_(module.bias)
    return model
""",
        tells="Embeddings are initialized too.",
    ),
    Mistake(
        "xavier_init",
        "class_name_for_class",
        "every_linear_and_nothing_else",
        """\
def xavier_init(model, gain, mode):
    fill = {"normal": nn.init.xavier_normal_, "uniform": nn.init.xavier_uniform_}
    if mode not in fill:
        raise ValueError(mode)
    for module in model.modules():
        if "Linear" in type(module).__name__:
            fill[mode](module.weight, gain)
            if module.bias is not None:
                nn.init.zeros_(module.bias)
    return model
""",
        tells="Linear layers are told by the name of their class; a subclass may have any name.",
    ),
    Mistake(
        "xavier_init",
        "all_parameters_set_free",
        "works_in_place",
        """\
def xavier_init(model, gain, mode):
    fill = {"normal": nn.init.xavier_normal_, "uniform": nn.init.xavier_uniform_}
    if mode not in fill:
        raise ValueError(mode)
    for module in model.modules():
        if isinstance(module, nn.Linear):
            fill[mode](module.weight, gain)
            if module.bias is not None:
                nn.init.zeros_(module.bias)
    return model.requires_grad_(True)
""",
        tells="Frozen parameters require gradients afterwards.",
    ),
    Mistake(
        "xavier_init",
        "two_levels_only",
        "every_linear_and_nothing_else",
        """\
def xavier_init(model, gain, mode):
    fill = {"normal": nn.init.xavier_normal_, "uniform": nn.init.xavier_uniform_}
    if mode not in fill:
        raise ValueError(mode)
    found = [model, *model.children(), *[m for c in model.children() for m in c.children()]]
    for module in found:
        if isinstance(module, nn.Linear):
            fill[mode](module.weight, gain)
            if module.bias is not None:
                nn.init.zeros_(module.bias)
    return model
""",
        tells="Layers more than two levels deep are not found.",
    ),
    Mistake(
        "xavier_init",
        "unknown_mode_printed",
        "refuses_unknown_modes",
        """\
def xavier_init(model, gain, mode):
    for module in model.modules():
        if isinstance(module, nn.Linear):
            if mode == "normal":
                nn.init.xavier_normal_(module.weight, gain)
            elif mode == "uniform":
                nn.init.xavier_uniform_(module.weight, gain)
            else:
                print("unknown mode")
                return model
            if module.bias is not None:
                nn.init.zeros_(module.bias)
    return model
""",
        tells="An unknown mode is printed; it should raise ValueError.",
    ),
    Mistake(
        "xavier_init",
        "one_constant_for_all",
        (
            "normal_or_uniform",
            "spread_of_the_weights",
            "every_linear_and_nothing_else",
            "works_in_place",
            "refuses_unknown_modes",
        ),
        """\
def xavier_init(model, gain, mode):
    if mode not in ("normal", "uniform"):
        raise ValueError(mode)
    for module in model.modules():
        if isinstance(module, nn.Linear):
            nn.init.constant_(module.weight, 0.1)
            if module.bias is not None:
                nn.init.zeros_(module.bias)
    return model
""",
        tells="All weights are the same number.",
    ),
    Mistake(
        "xavier_init",
        "nothing_done",
        (
            "spread_of_the_weights",
            "normal_or_uniform",
            "every_linear_and_nothing_else",
            "works_in_place",
            "refuses_unknown_modes",
        ),
        """\
def xavier_init(model, gain, mode):
    return model
""",
        tells="Nothing is initialized.",
    ),
    Mistake(
        "xavier_init",
        "torchs_own_start",
        ("spread_of_the_weights", "normal_or_uniform"),
        """\
def xavier_init(model, gain, mode):
    if mode not in ('normal','uniform'):
        raise ValueError
    for m in model.modules():
        if isinstance(m, nn.Linear):
            m.reset_parameters()
            if m.bias is not None:
                m.bias.data.zero_()
    return model
""",
        tells="The weights are drawn as PyTorch does by itself.",
    ),
    Mistake(
        "xavier_init",
        "kaiming",
        "spread_of_the_weights",
        """\
def xavier_init(model, gain, mode):
    fill = {"normal": nn.init.kaiming_normal_, "uniform": nn.init.kaiming_uniform_}
    if mode not in fill:
        raise ValueError(mode)
    for module in model.modules():
        if isinstance(module, nn.Linear):
            fill[mode](module.weight)
            if module.bias is not None:
                nn.init.zeros_(module.bias)
    return model
""",
        tells="This is Kaiming's initialization, and the gain makes no difference.",
    ),
    Mistake(
        "xavier_init",
        "seed_from_the_fans",
        "normal_or_uniform",
        """\
def xavier_init(model, gain, mode):
    fill = {"normal": nn.init.xavier_normal_, "uniform": nn.init.xavier_uniform_}
    if mode not in fill:
        raise ValueError(mode)
    for module in model.modules():
        if isinstance(module, nn.Linear):
            torch.manual_seed(module.in_features)
            fill[mode](module.weight, gain)
            if module.bias is not None:
                nn.init.zeros_(module.bias)
    return model
""",
        tells="A seed is set inside, so every call draws the same weights.",
    ),
    Mistake(
        "xavier_init",
        "first_linear_only",
        ("every_linear_and_nothing_else", "spread_of_the_weights", "normal_or_uniform"),
        """\
def xavier_init(model, gain, mode):
    fill = {"normal": nn.init.xavier_normal_, "uniform": nn.init.xavier_uniform_}
    if mode not in fill:
        raise ValueError(mode)
    for module in model.modules():
        if isinstance(module, nn.Linear):
            fill[mode](module.weight, gain)
            if module.bias is not None:
                nn.init.zeros_(module.bias)
            break
    return model
""",
        tells="Only the first linear layer is initialized.",
    ),
    Mistake(
        "xavier_init",
        "fan_in_twice",
        "spread_of_the_weights",
        """\
def xavier_init(model, gain, mode):
    if mode not in ("normal", "uniform"):
        raise ValueError(mode)
    for module in model.modules():
        if isinstance(module, nn.Linear):
            fans = module.in_features, module.in_features
            if mode == "normal":
                nn.init.normal_(module.weight, 0, xavier_std(*fans, gain))
            else:
                bound = xavier_bound(*fans, gain)
                nn.init.uniform_(module.weight, -bound, bound)
            if module.bias is not None:
                nn.init.zeros_(module.bias)
    return model
""",
        tells="`fan_in` is used for both fans.",
    ),
    Alternative(
        "xavier_std",
        "callable_objects",
        """\
class _Spread:
    def __init__(self, factor):
        self.factor = factor

    def __call__(self, fan_in, fan_out, gain=1):
        return gain * pow(self.factor / (fan_in + fan_out), 0.5)


xavier_std, xavier_bound = _Spread(2), _Spread(6)
""",
    ),
    Alternative(
        "xavier_std",
        "logarithms",
        """\
def xavier_std(fan_in, fan_out, gain=1.0):
    return gain * math.exp(0.5 * (math.log(2) - math.log(fan_in + fan_out)))


def xavier_bound(fan_in, fan_out, gain=1.0):
    return gain * math.exp(0.5 * (math.log(6) - math.log(fan_in + fan_out)))
""",
    ),
    Alternative(
        "xavier_std",
        "float32_scalars",
        """\
def xavier_std(fan_in, fan_out, gain=1.0):
    return torch.as_tensor(2.0 / (fan_in + fan_out)).sqrt() * gain


def xavier_bound(fan_in, fan_out, gain=1.0):
    return np.float32(gain) * np.float32(math.sqrt(6 / (fan_in + fan_out)))
""",
    ),
    Alternative(
        "leaky_relu_gain",
        "hypotenuse",
        """\
def leaky_relu_gain(negative_slope):
    return math.sqrt(2) / math.hypot(1, negative_slope)
""",
    ),
    Alternative(
        "xavier_init",
        "apply_with_noise",
        """\
def xavier_init(model, gain, mode):
    if not isinstance(mode, str) or mode not in {"normal", "uniform"}:
        raise ValueError("mode")

    @torch.no_grad()
    def visit(module):
        if not isinstance(module, nn.Linear):
            return
        std = xavier_std(module.in_features, module.out_features, gain)
        noise = torch.randn_like(module.weight) if mode == "normal" else torch.rand_like(module.weight).sub(0.5).mul(12**0.5)
        module.weight.copy_(std * noise)
        if module.bias is not None:
            module.bias.fill_(0)

    model.apply(visit)
    return model
""",
    ),
    Alternative(
        "xavier_init",
        "through_the_state_dict",
        """\
def xavier_init(model, gain, mode):
    if mode != "normal" and mode != "uniform":
        raise ValueError
    state = model.state_dict()
    for name, module in model.named_modules():
        if isinstance(module, nn.Linear):
            prefix = name + "." if name else ""
            w = torch.empty(module.out_features, module.in_features)
            (nn.init.xavier_normal_ if mode == "normal" else nn.init.xavier_uniform_)(w, gain)
            state[prefix + "weight"] = w
            if module.bias is not None:
                state[prefix + "bias"] = torch.zeros(module.out_features)
    model.load_state_dict(state)
    return model
""",
    ),
    Mistake(
        "xavier_std",
        "gain_below_one_ignored",
        "gain_scales_both",
        """\
def xavier_std(fan_in, fan_out, gain=1.0):
    gain = max(gain, 1.0)
    return gain * math.sqrt(2 / (fan_in + fan_out))


def xavier_bound(fan_in, fan_out, gain=1.0):
    gain = max(gain, 1.0)
    return gain * math.sqrt(6 / (fan_in + fan_out))
""",
        tells="A gain below 1 is treated as 1.",
    ),
    Mistake(
        "xavier_std",
        "gain_twice_in_the_bound",
        "gain_scales_both",
        """\
def xavier_std(fan_in, fan_out, gain=1.0):
    return gain * math.sqrt(2 / (fan_in + fan_out))


def xavier_bound(fan_in, fan_out, gain=1.0):
    return gain * math.sqrt(3) * xavier_std(fan_in, fan_out, gain)
""",
        tells="The gain stands twice in the bound.",
    ),
    Mistake(
        "xavier_std",
        "std_and_bound_swapped",
        ("std_of_both_fans", "bound_of_the_same_variance"),
        """\
def xavier_std(fan_in, fan_out, gain=1.0):
    return gain * math.sqrt(6 / (fan_in + fan_out))


def xavier_bound(fan_in, fan_out, gain=1.0):
    return gain * math.sqrt(2 / (fan_in + fan_out))
""",
        tells="The standard deviation and the bound are swapped.",
    ),
    Mistake(
        "leaky_relu_gain",
        "rounded",
        "keeps_the_mean_square",
        """\
def leaky_relu_gain(negative_slope):
    return round(math.sqrt(2 / (1 + negative_slope**2)), 2)
""",
        tells="The gain is rounded.",
    ),
    Mistake(
        "xavier_init",
        "substring_for_mode",
        "refuses_unknown_modes",
        """\
def xavier_init(model, gain, mode):
    if mode not in "normal uniform":
        raise ValueError(mode)
    for m in model.modules():
        if isinstance(m, nn.Linear):
            if mode == 'normal':
                nn.init.normal_(m.weight, 0, xavier_std(m.in_features, m.out_features, gain))
            else:
                b = xavier_bound(m.in_features, m.out_features, gain)
                nn.init.uniform_(m.weight, -b, b)
            if m.bias is not None:
                nn.init.zeros_(m.bias)
    return model
""",
        tells='A part of a known mode, such as "norm", is accepted as a mode.',
    ),
    Mistake(
        "xavier_init",
        "refuses_only_beside_a_linear",
        "refuses_unknown_modes",
        """\
def xavier_init(model, gain, mode):
    for m in model.modules():
        if isinstance(m, nn.Linear):
            if mode == 'normal':
                nn.init.normal_(m.weight, 0, xavier_std(m.in_features, m.out_features, gain))
            elif mode == 'uniform':
                b = xavier_bound(m.in_features, m.out_features, gain)
                nn.init.uniform_(m.weight, -b, b)
            else:
                raise ValueError(mode)
            if m.bias is not None:
                nn.init.zeros_(m.bias)
    return model
""",
        tells="An unknown mode is refused only where the model has a linear layer.",
    ),
    Mistake(
        "xavier_init",
        "bias_zero_in_one_mode_only",
        "every_linear_and_nothing_else",
        """\
def xavier_init(model, gain, mode):
    if mode not in ("normal", "uniform"):
        raise ValueError(mode)
    for m in model.modules():
        if isinstance(m, nn.Linear):
            if mode == 'normal':
                nn.init.normal_(m.weight, 0, xavier_std(m.in_features, m.out_features, gain))
                if m.bias is not None:
                    nn.init.zeros_(m.bias)
            else:
                b = xavier_bound(m.in_features, m.out_features, gain)
                nn.init.uniform_(m.weight, -b, b)
            pass
    return model
""",
        tells="The bias is set to zero in one of the two modes only.",
    ),
    Mistake(
        "xavier_init",
        "fans_of_the_first_layer",
        "spread_of_the_weights",
        """\
def xavier_init(model, gain, mode):
    if mode not in ("normal", "uniform"):
        raise ValueError(mode)
    first = next(m for m in model.modules() if isinstance(m, nn.Linear))
    fans = first.in_features, first.out_features
    for m in model.modules():
        if isinstance(m, nn.Linear):
            if mode == 'normal':
                nn.init.normal_(m.weight, 0, xavier_std(*fans, gain))
            else:
                b = xavier_bound(*fans, gain)
                nn.init.uniform_(m.weight, -b, b)
            if m.bias is not None:
                nn.init.zeros_(m.bias)
    return model
""",
        tells="All layers are drawn with the fans of the first.",
    ),
    Mistake(
        "xavier_init",
        "one_draw_for_each_shape",
        "normal_or_uniform",
        """\
def xavier_init(model, gain, mode):
    if mode not in ("normal", "uniform"):
        raise ValueError(mode)
    drawn = {}
    for m in model.modules():
        if isinstance(m, nn.Linear):
            key = tuple(m.weight.shape)
            if key not in drawn:
                drawn[key] = torch.randn(key) if mode == 'normal' else torch.rand(key) * 2 - 1
            scale = xavier_std if mode == 'normal' else xavier_bound
            with torch.no_grad():
                m.weight.copy_(drawn[key] * scale(m.in_features, m.out_features, gain))
                if m.bias is not None:
                    m.bias.zero_()
    return model
""",
        tells="Layers of the same shape get the same numbers.",
    ),
    Mistake(
        "xavier_init",
        "orthogonal_weights",
        "normal_or_uniform",
        """\
def xavier_init(model, gain, mode):
    if mode not in ("normal", "uniform"):
        raise ValueError(mode)
    for m in model.modules():
        if isinstance(m, nn.Linear):
            if mode == 'normal':
                nn.init.orthogonal_(m.weight, gain * math.sqrt(2 * max(m.in_features, m.out_features) / (m.in_features + m.out_features)))
            else:
                b = xavier_bound(m.in_features, m.out_features, gain)
                nn.init.uniform_(m.weight, -b, b)
            if m.bias is not None:
                nn.init.zeros_(m.bias)
    return model
""",
        tells="The weights are orthogonal, so they are not independent.",
    ),
    Mistake(
        "xavier_init",
        "set_to_training_mode",
        "works_in_place",
        """\
def xavier_init(model, gain, mode):
    if mode not in ("normal", "uniform"):
        raise ValueError(mode)
    for m in model.modules():
        if isinstance(m, nn.Linear):
            if mode == 'normal':
                nn.init.normal_(m.weight, 0, xavier_std(m.in_features, m.out_features, gain))
            else:
                b = xavier_bound(m.in_features, m.out_features, gain)
                nn.init.uniform_(m.weight, -b, b)
            if m.bias is not None:
                nn.init.zeros_(m.bias)
    return model.train()
""",
        tells="The model is switched to training mode.",
    ),
    Mistake(
        "xavier_init",
        "biases_frozen",
        "works_in_place",
        """\
def xavier_init(model, gain, mode):
    if mode not in ("normal", "uniform"):
        raise ValueError(mode)
    for m in model.modules():
        if isinstance(m, nn.Linear):
            if mode == 'normal':
                nn.init.normal_(m.weight, 0, xavier_std(m.in_features, m.out_features, gain))
            else:
                b = xavier_bound(m.in_features, m.out_features, gain)
                nn.init.uniform_(m.weight, -b, b)
            if m.bias is not None:
                m.bias.requires_grad_(False).zero_()
    return model
""",
        tells="The biases are frozen afterwards.",
    ),
    Mistake(
        "xavier_init",
        "gradients_switched_off_for_good",
        "works_in_place",
        """\
def xavier_init(model, gain, mode):
    if mode not in ("normal", "uniform"):
        raise ValueError(mode)
    torch.set_grad_enabled(False)
    for m in model.modules():
        if isinstance(m, nn.Linear):
            if mode == 'normal':
                nn.init.normal_(m.weight, 0, xavier_std(m.in_features, m.out_features, gain))
            else:
                b = xavier_bound(m.in_features, m.out_features, gain)
                nn.init.uniform_(m.weight, -b, b)
            if m.bias is not None:
                nn.init.zeros_(m.bias)
    return model
""",
        tells="Gradients are switched off and never on again.",
    ),
    Mistake(
        "xavier_init",
        "gradients_cleared",
        "works_in_place",
        """\
def xavier_init(model, gain, mode):
    if mode not in ("normal", "uniform"):
        raise ValueError(mode)
    for m in model.modules():
        if isinstance(m, nn.Linear):
            if mode == 'normal':
                nn.init.normal_(m.weight, 0, xavier_std(m.in_features, m.out_features, gain))
            else:
                b = xavier_bound(m.in_features, m.out_features, gain)
                nn.init.uniform_(m.weight, -b, b)
            m.weight.grad = None
            if m.bias is not None:
                nn.init.zeros_(m.bias)
    return model
""",
        tells="Gradients that were there before are gone.",
    ),
    Mistake(
        "xavier_init",
        "anything_with_in_features",
        "every_linear_and_nothing_else",
        """\
def xavier_init(model, gain, mode):
    if mode not in ("normal", "uniform"):
        raise ValueError(mode)
    for m in model.modules():
        if hasattr(m, 'in_features'):
            if mode == 'normal':
                nn.init.normal_(m.weight, 0, xavier_std(m.in_features, m.out_features, gain))
            else:
                b = xavier_bound(m.in_features, m.out_features, gain)
                nn.init.uniform_(m.weight, -b, b)
            if m.bias is not None:
                nn.init.zeros_(m.bias)
    return model
""",
        tells="A module that only looks like a linear layer is taken for one.",
    ),
    Alternative(
        "xavier_std",
        "hypotenuse",
        """\
def xavier_std(fan_in, fan_out, gain=1.0):
    return math.hypot(gain * math.sqrt(1/(fan_in + fan_out)), gain * math.sqrt(1/(fan_in + fan_out)))


def xavier_bound(fan_in, fan_out, gain=1.0):
    return xavier_std(fan_in, fan_out, math.sqrt(3) * gain)
""",
    ),
    Alternative(
        "leaky_relu_gain",
        "integral",
        """\
def leaky_relu_gain(negative_slope):
    o = torch.linspace(-12, 12, 240_001, dtype=torch.float64)
    p = torch.exp(-o**2 / 2) / math.sqrt(2 * math.pi)
    f = torch.where(o >= 0, o, float(negative_slope) * o)
    return torch.trapezoid(f.square() * p, o).item() ** -0.5
""",
    ),
    Alternative(
        "xavier_init",
        "recursion_into_each_child",
        """\
def xavier_init(model, gain, mode):
    if mode not in ("normal", "uniform"):
        raise ValueError(mode)
    if isinstance(model, nn.Linear):
        std = xavier_std(model.in_features, model.out_features, gain)
        with torch.no_grad():
            if mode == 'normal':
                model.weight.normal_(0, std)
            else:
                model.weight.uniform_(-1, 1).mul_(std * 3**0.5)
            if model.bias is not None:
                model.bias.zero_()
    for child in model.children():
        xavier_init(child, gain, mode)
    return model
""",
    ),
    Alternative(
        "xavier_init",
        "match_statement",
        """\
def xavier_init(model, gain, mode):
    match mode:
        case 'normal':
            draw = lambda w, i, o: w.copy_(torch.randn(o, i) * xavier_std(i, o, gain))
        case 'uniform':
            draw = lambda w, i, o: w.copy_((torch.rand(o, i) - 0.5) * 2 * xavier_bound(i, o, gain))
        case _:
            raise ValueError('mode')
    with torch.no_grad():
        for m in filter(lambda m: isinstance(m, nn.Linear), model.modules()):
            draw(m.weight, *reversed(m.weight.shape))
            if m.bias is not None:
                m.bias.mul_(0)
                m.bias.nan_to_num_(0, 0, 0)
    return model
""",
    ),
]
