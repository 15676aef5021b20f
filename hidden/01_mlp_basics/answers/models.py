"""Assignment 01, exercises on tensors and models."""

from autograder.checking import Alternative, Mistake

FUNCTIONAL_PARAMETERS = [
    Mistake(
        "functional_parameters",
        "weights_are_no_leaves",
        "parameters_are_leaves_that_learn",
        """
def functional_parameters(dims, std=0.01):
    return [
        (torch.randn(a, b, requires_grad=True) * std, torch.zeros(b, requires_grad=True))
        for a, b in zip(dims[:-1], dims[1:])
    ]
""",
        tells=(
            "The weights are the result of a multiplication, so they are not leaves: their `.grad` "
            "stays None."
        ),
    ),
    Mistake(
        "functional_parameters",
        "no_gradients_at_all",
        "parameters_are_leaves_that_learn",
        """
def functional_parameters(dims, std=0.01):
    return [(torch.randn(a, b) * std, torch.zeros(b)) for a, b in zip(dims[:-1], dims[1:])]
""",
        tells="The tensors do not require gradients.",
    ),
    Mistake(
        "functional_parameters",
        "std_is_variance",
        "weights_have_the_asked_spread",
        """
def functional_parameters(dims, std=0.01):
    return [
        ((torch.randn(a, b) * std**0.5).requires_grad_(), torch.zeros(b, requires_grad=True))
        for a, b in zip(dims[:-1], dims[1:])
    ]
""",
        tells="`std` is used as a variance: the standard deviation is its root.",
    ),
    Mistake(
        "functional_parameters",
        "std_ignored",
        "weights_have_the_asked_spread",
        """
def functional_parameters(dims, std=0.01):
    return [
        ((torch.randn(a, b) * 0.01).requires_grad_(), torch.zeros(b, requires_grad=True))
        for a, b in zip(dims[:-1], dims[1:])
    ]
""",
        tells="The standard deviation is 0.01, whatever `std` says.",
    ),
    Mistake(
        "functional_parameters",
        "uniform_weights",
        "weights_have_the_asked_spread",
        """
def functional_parameters(dims, std=0.01):
    parameters = []
    for a, b in zip(dims[:-1], dims[1:]):
        W = torch.empty(a, b).uniform_(-(3**0.5) * std, 3**0.5 * std).requires_grad_()
        parameters.append((W, torch.zeros(b, requires_grad=True)))
    return parameters
""",
        tells="The weights are drawn uniformly; they should be normally distributed.",
    ),
    Mistake(
        "functional_parameters",
        "weights_transposed",
        "parameters_fit_the_layer_sizes",
        """
def functional_parameters(dims, std=0.01):
    return [
        ((torch.randn(b, a) * std).requires_grad_(), torch.zeros(b, requires_grad=True))
        for a, b in zip(dims[:-1], dims[1:])
    ]
""",
        tells="The weights are transposed: the rows should belong to the inputs.",
    ),
    Mistake(
        "functional_parameters",
        "random_biases",
        "parameters_fit_the_layer_sizes",
        """
def functional_parameters(dims, std=0.01):
    return [
        ((torch.randn(a, b) * std).requires_grad_(), (torch.randn(b) * std).requires_grad_())
        for a, b in zip(dims[:-1], dims[1:])
    ]
""",
        tells="The biases are drawn at random; they should begin at zero.",
    ),
    Mistake(
        "functional_parameters",
        "bias_without_gradient",
        "parameters_are_leaves_that_learn",
        """
def functional_parameters(dims, std=0.01):
    return [
        ((torch.randn(a, b) * std).requires_grad_(), torch.zeros(b))
        for a, b in zip(dims[:-1], dims[1:])
    ]
""",
        tells=("The biases do not require gradients."),
    ),
    Mistake(
        "functional_parameters",
        "one_matrix_for_equal_layers",
        "weights_have_the_asked_spread",
        """
def functional_parameters(dims, std=0.01):
    drawn, parameters = {}, []
    for shape in zip(dims[:-1], dims[1:]):
        if shape not in drawn:
            drawn[shape] = torch.randn(shape) * std
        W = drawn[shape].clone().requires_grad_()
        parameters.append((W, torch.zeros(shape[1], requires_grad=True)))
    return parameters
""",
        tells=("Layers of equal size start with the same weights; each should draw its own."),
    ),
    Mistake(
        "functional_parameters",
        "weights_zero",
        ("weights_have_the_asked_spread", "parameters_fit_the_layer_sizes"),
        """
def functional_parameters(dims, std=0.01):
    return [
        (torch.zeros(a, b, requires_grad=True), torch.zeros(b, requires_grad=True))
        for a, b in zip(dims[:-1], dims[1:])
    ]
""",
        tells=("The weights are all zero; they should be drawn at random."),
    ),
    Mistake(
        "functional_parameters",
        "list_in_a_default_argument",
        (
            "parameters_fit_the_layer_sizes",
            "weights_have_the_asked_spread",
            "parameters_are_leaves_that_learn",
        ),
        """
def functional_parameters(dims, std=0.01, parameters=[]):
    for a, b in zip(dims[:-1], dims[1:]):
        W = (torch.randn(a, b) * std).requires_grad_()
        parameters.append((W, torch.zeros(b, requires_grad=True)))
    return parameters
""",
        tells=("The list is a default argument: it still holds the layers of earlier calls."),
    ),
    Alternative(
        "functional_parameters",
        "nn_parameters",
        """
def functional_parameters(dims, std=0.01):
    pairs = []
    for a, b in zip(dims, dims[1:]):
        W = nn.Parameter(torch.empty(a, b))
        nn.init.normal_(W, mean=0.0, std=std)
        pairs.append([W, nn.Parameter(torch.zeros(b))])
    return pairs
""",
    ),
    Alternative(
        "functional_parameters",
        "numpy_generator",
        """
def functional_parameters(dims, std=0.01):
    rng = np.random.default_rng()

    def pair(index):
        W = torch.tensor(rng.normal(0, std, dims[index : index + 2]), dtype=torch.float32)
        return W.requires_grad_(True), torch.zeros(dims[index + 1], requires_grad=True)

    return [pair(index) for index in range(len(dims) - 1)]
""",
    ),
    Mistake(
        "functional_parameters",
        "double_from_numpy",
        "parameters_fit_the_layer_sizes",
        """
def functional_parameters(dims, std=0.01):
    parameters = []
    for fan_in, fan_out in zip(dims[:-1], dims[1:]):
        W = torch.from_numpy(np.random.normal(0, std, (fan_in, fan_out))).requires_grad_()
        b = torch.zeros(fan_out, requires_grad=True)
        parameters.append((W, b))
    return parameters
""",
        tells=(
            "NumPy draws double precision: these weights do not multiply images, which are float32."
        ),
    ),
    Mistake(
        "functional_parameters",
        "generator_instead_of_a_list",
        "parameters_fit_the_layer_sizes",
        """
def functional_parameters(dims, std=0.01):
    for a, b in zip(dims[:-1], dims[1:]):
        yield torch.normal(0.0, std, (a, b)).requires_grad_(), torch.zeros(b, requires_grad=True)
""",
        tells=("A generator is returned, not a list: it can be read once, and has no length."),
    ),
    Mistake(
        "functional_parameters",
        "normal_cut_off_at_two_std",
        "weights_have_the_asked_spread",
        """
def functional_parameters(dims, std=0.01):
    parameters = []
    for fan_in, fan_out in zip(dims[:-1], dims[1:]):
        W = torch.empty(fan_in, fan_out)
        nn.init.trunc_normal_(W, std=std, a=-2 * std, b=2 * std).requires_grad_()
        b = torch.zeros(fan_out, requires_grad=True)
        parameters.append((W, b))
    return parameters
""",
        tells=("The weights are normal, but cut off at two standard deviations."),
    ),
    Alternative(
        "functional_parameters",
        "views_of_one_buffer",
        """
def functional_parameters(dims, std=0.01):
    sizes = [(a, b) for a, b in zip(dims, dims[1:])]
    pool = torch.randn(sum(a * b for a, b in sizes)) * std
    parts = pool.split([a * b for a, b in sizes])
    return [
        (part.view(size).requires_grad_(), torch.zeros(size[1]).requires_grad_())
        for part, size in zip(parts, sizes)
    ]
""",
    ),
]

FUNCTIONAL_MLP = [
    Mistake(
        "functional_mlp",
        "no_relu",
        "functional_logits_follow_the_rule",
        """
def functional_mlp(x, parameters):
    h = x.flatten(1)
    for W, b in parameters:
        h = h @ W + b
    return h
""",
        tells=(
            "There is no ReLU between the layers, so all of them together are one linear function."
        ),
    ),
    Mistake(
        "functional_mlp",
        "relu_on_the_output",
        "functional_logits_follow_the_rule",
        """
def functional_mlp(x, parameters):
    h = x.flatten(1)
    for W, b in parameters:
        h = torch.relu(h @ W + b)
    return h
""",
        tells="The output goes through a ReLU too: logits may be negative.",
    ),
    Mistake(
        "functional_mlp",
        "softmax_on_the_output",
        ("functional_logits_follow_the_rule", "functional_mlp_has_any_depth"),
        """
def functional_mlp(x, parameters):
    h = x.flatten(1)
    for W, b in parameters[:-1]:
        h = torch.relu(h @ W + b)
    W, b = parameters[-1]
    return torch.softmax(h @ W + b, dim=1)
""",
        tells=(
            "The output goes through a softmax; it should be logits, and the loss applies it "
            "itself."
        ),
    ),
    Mistake(
        "functional_mlp",
        "bias_dropped",
        "functional_logits_follow_the_rule",
        """
def functional_mlp(x, parameters):
    h = x.flatten(1)
    for W, b in parameters[:-1]:
        h = torch.relu(h @ W)
    return h @ parameters[-1][0]
""",
        tells="The biases are not used.",
    ),
    Mistake(
        "functional_mlp",
        "last_bias_dropped",
        "functional_logits_follow_the_rule",
        """
def functional_mlp(x, parameters):
    h = x.flatten(1)
    for W, b in parameters[:-1]:
        h = torch.relu(h @ W + b)
    return h @ parameters[-1][0]
""",
        tells="The last layer's bias is not used.",
    ),
    Mistake(
        "functional_mlp",
        "images_not_flattened",
        "functional_logits_follow_the_rule",
        """
def functional_mlp(x, parameters):
    h = x
    for W, b in parameters[:-1]:
        h = torch.relu(h @ W + b)
    W, b = parameters[-1]
    return h @ W + b
""",
        tells="The images are not flattened before the first layer.",
    ),
    Mistake(
        "functional_mlp",
        "flattened_over_the_batch",
        (
            "functional_logits_follow_the_rule",
            "functional_mlp_has_any_depth",
            "functional_images_stand_alone",
        ),
        """
def functional_mlp(x, parameters):
    h = x.movedim(0, -1).reshape(x.shape[0], -1)
    for W, b in parameters[:-1]:
        h = torch.relu(h @ W + b)
    W, b = parameters[-1]
    return h @ W + b
""",
        tells="Flattening mixes pixels of different images: the batch must stay the first axis.",
    ),
    Mistake(
        "functional_mlp",
        "x_mutated",
        ("functional_mlp_leaves_its_inputs", "functional_mlp_passes_gradients"),
        """
def functional_mlp(x, parameters):
    h = x.flatten(1)
    for W, b in parameters[:-1]:
        h = torch.relu(h @ W + b)
    W, b = parameters[-1]
    logits = h @ W + b
    x.clamp_(min=0)
    return logits
""",
        tells="The input `x` is changed in place.",
    ),
    Mistake(
        "functional_mlp",
        "two_layers_only",
        "functional_mlp_has_any_depth",
        """
def functional_mlp(x, parameters):
    (W1, b1), (W2, b2) = parameters
    return torch.relu(x.flatten(1) @ W1 + b1) @ W2 + b2
""",
        tells="It works for exactly two layers.",
    ),
    Mistake(
        "functional_mlp",
        "graph_cut",
        "functional_mlp_passes_gradients",
        """
def functional_mlp(x, parameters):
    h = x.flatten(1)
    for W, b in parameters[:-1]:
        h = torch.relu(h @ W.data + b.data)
    W, b = parameters[-1]
    return h @ W + b
""",
        tells="`.data` or `detach` cuts the graph: no gradient reaches the hidden parameters.",
    ),
    Mistake(
        "functional_mlp",
        "single_image_squeezed",
        "functional_images_stand_alone",
        """
def functional_mlp(x, parameters):
    h = x.squeeze().flatten(1)
    for W, b in parameters[:-1]:
        h = torch.relu(h @ W + b)
    W, b = parameters[-1]
    return h @ W + b
""",
        tells="`squeeze` also removes the batch axis when there is one image.",
    ),
    Mistake(
        "functional_mlp",
        "parameters_popped",
        ("functional_mlp_leaves_its_inputs", "functional_mlp_passes_gradients"),
        """
def functional_mlp(x, parameters):
    h = x.flatten(1)
    W_out, b_out = parameters.pop()
    for W, b in parameters:
        h = torch.relu(h @ W + b)
    return h @ W_out + b_out
""",
        tells=("The list of parameters is changed: a layer is missing from it afterwards."),
    ),
    Mistake(
        "functional_mlp",
        "relu_after_the_first_layer_only",
        "functional_mlp_has_any_depth",
        """
def functional_mlp(x, parameters):
    h = x.flatten(1)
    for index, (W, b) in enumerate(parameters):
        h = h @ W + b
        if index == 0 and len(parameters) > 1:
            h = torch.relu(h)
    return h
""",
        tells=("ReLU follows the first layer only; it should follow every layer but the last."),
    ),
    Mistake(
        "functional_mlp",
        "single_layer_gets_relu",
        "functional_mlp_has_any_depth",
        """
def functional_mlp(x, parameters):
    (W, b), *others = parameters
    h = torch.relu(x.flatten(1) @ W + b)
    if not others:
        return -h
    for W, b in others[:-1]:
        h = torch.relu(h @ W + b)
    W, b = others[-1]
    return h @ W + b
""",
        tells=("A network of one layer is not handled as one: that layer is the output."),
    ),
    Mistake(
        "functional_mlp",
        "answer_squeezed",
        "functional_images_stand_alone",
        """
def functional_mlp(x, parameters):
    h = x.flatten(1)
    for W, b in parameters[:-1]:
        h = torch.relu(h @ W + b)
    W, b = parameters[-1]
    return (h @ W + b).squeeze()
""",
        tells=("`squeeze` also removes the batch axis when there is one image."),
    ),
    Alternative(
        "functional_mlp",
        "functional_linear_and_clamp",
        """
def functional_mlp(x, parameters):
    h = x.reshape(len(x), -1)
    for index, (W, b) in enumerate(parameters):
        if index:
            h = h.clamp(min=0)
        h = F.linear(h, W.T, b)
    return h
""",
    ),
    Alternative(
        "functional_mlp",
        "recursive_einsum",
        """
def functional_mlp(x, parameters):
    *hidden, (W, b) = parameters
    h = x.flatten(1)
    if hidden:
        h = functional_mlp(x, hidden)
        h = h * (h > 0)
    return torch.einsum("ni,io->no", h, W) + b
""",
    ),
    Alternative(
        "functional_mlp",
        "bias_as_a_row_of_the_weights",
        """
def functional_mlp(x, parameters):
    h = x.flatten(start_dim=1)
    for i, (W, b) in enumerate(parameters):
        if i:
            h = h.masked_fill(h < 0, 0)
        h = torch.cat([h, torch.ones(len(h), 1, dtype=h.dtype)], 1) @ torch.cat([W, b[None]])
    return h
""",
    ),
]

COUNT_PARAMETERS = [
    Mistake(
        "count_parameters",
        "hard_coded",
        ("counts_weights_and_biases", "leaves_out_frozen_parameters", "counts_every_kind_once"),
        """
def count_parameters(model):
    return 397510
""",
        tells="The number is fixed, whatever the model is.",
    ),
    Mistake(
        "count_parameters",
        "biases_forgotten",
        "counts_weights_and_biases",
        """
def count_parameters(model):
    return sum(p.numel() for p in model.parameters() if p.requires_grad and p.ndim > 1)
""",
        tells="Biases and other vectors are not counted.",
    ),
    Mistake(
        "count_parameters",
        "frozen_counted",
        "leaves_out_frozen_parameters",
        """
def count_parameters(model):
    return sum(p.numel() for p in model.parameters())
""",
        tells="Frozen parameters are counted as well.",
    ),
    Mistake(
        "count_parameters",
        "tensors_counted",
        ("counts_weights_and_biases", "leaves_out_frozen_parameters", "counts_every_kind_once"),
        """
def count_parameters(model):
    return len([p for p in model.parameters() if p.requires_grad])
""",
        tells="The parameter tensors are counted, not their numbers.",
    ),
    Mistake(
        "count_parameters",
        "linear_layers_only",
        "counts_every_kind_once",
        """
def count_parameters(model):
    layers = [m for m in model.modules() if isinstance(m, nn.Linear)]
    return sum(p.numel() for m in layers for p in m.parameters() if p.requires_grad)
""",
        tells="Only linear layers are counted.",
    ),
    Mistake(
        "count_parameters",
        "shared_counted_twice",
        "counts_every_kind_once",
        """
def count_parameters(model):
    every = model.named_parameters(remove_duplicate=False)
    return sum(p.numel() for _, p in every if p.requires_grad)
""",
        tells="A parameter that two layers share is counted twice.",
    ),
    Mistake(
        "count_parameters",
        "buffers_counted",
        "counts_every_kind_once",
        """
def count_parameters(model):
    frozen = {name for name, p in model.named_parameters() if not p.requires_grad}
    return sum(t.numel() for name, t in model.state_dict().items() if name not in frozen)
""",
        tells="Buffers, such as running statistics, are counted as parameters.",
    ),
    Mistake(
        "count_parameters",
        "tensor_returned",
        "counts_weights_and_biases",
        """
def count_parameters(model):
    return sum(torch.tensor(p.shape).prod() for p in model.parameters() if p.requires_grad)
""",
        tells=("The count is a tensor; it should be an int."),
    ),
    Mistake(
        "count_parameters",
        "weight_and_bias_attributes",
        "counts_every_kind_once",
        """
def count_parameters(model):
    total = 0
    for module in model.modules():
        for name in ("weight", "bias"):
            p = getattr(module, name, None)
            if isinstance(p, torch.Tensor) and p.requires_grad:
                total += p.numel()
    return total
""",
        tells=("Only parameters called weight and bias are counted, and shared ones twice."),
    ),
    Mistake(
        "count_parameters",
        "first_level_only",
        "counts_every_kind_once",
        """
def count_parameters(model):
    layers = list(model.children()) or [model]
    own = [p for layer in layers for p in layer.parameters(recurse=False) if p.requires_grad]
    return sum(p.numel() for p in dict.fromkeys(own))
""",
        tells=("Only layers directly in the model are found, not those inside its parts."),
    ),
    Mistake(
        "count_parameters",
        "unfrozen_by_counting",
        "leaves_out_frozen_parameters",
        """
def count_parameters(model):
    count = sum(p.numel() for p in model.parameters() if p.requires_grad)
    model.requires_grad_(True)
    return count
""",
        tells=("Counting changes the model: nothing is frozen afterwards."),
    ),
    Alternative(
        "count_parameters",
        "product_of_shapes",
        """
def count_parameters(model):
    total = 0
    for name, parameter in model.named_parameters():
        if parameter.requires_grad:
            total += int(np.prod(list(parameter.shape)))
    return total
""",
    ),
    Alternative(
        "count_parameters",
        "flat_vector",
        """
def count_parameters(model):
    trainable = [p.detach().flatten() for p in model.parameters() if p.requires_grad]
    return len(torch.cat(trainable)) if trainable else 0
""",
    ),
    Mistake(
        "count_parameters",
        "layer_frozen_by_its_weight",
        "leaves_out_frozen_parameters",
        """
def count_parameters(model):
    total, seen = 0, set()
    for m in model.modules():
        own = [p for p in m.parameters(recurse=False) if id(p) not in seen]
        if own and own[0].requires_grad:
            total += sum(p.numel() for p in own)
        elif own and m.__class__ is nn.Linear and len(own) > 1 and own[1].requires_grad:
            total += own[1].numel()
        seen.update(map(id, own))
    return total
""",
        tells=("A whole layer counts as its weight does: a bias that is frozen alone is counted."),
    ),
]

DENSE_LAYER = [
    Mistake(
        "dense_layer",
        "norm_after_activation",
        "batch_norm_stands_before_activation",
        """
def dense_layer(in_features, out_features, activation=nn.ReLU, batch_norm=False, dropout=0.0):
    activation = activation or nn.Identity
    layers = [nn.Linear(in_features, out_features, bias=not batch_norm), activation()]
    if batch_norm:
        layers.append(nn.BatchNorm1d(out_features))
    return nn.Sequential(*layers, nn.Dropout(dropout))
""",
        tells="The batch norm comes after the activation.",
    ),
    Mistake(
        "dense_layer",
        "norm_of_the_input_width",
        "batch_norm_stands_before_activation",
        """
def dense_layer(in_features, out_features, activation=nn.ReLU, batch_norm=False, dropout=0.0):
    activation = activation or nn.Identity
    layers = [nn.Linear(in_features, out_features, bias=not batch_norm)]
    if batch_norm:
        layers.append(nn.BatchNorm1d(in_features))
    return nn.Sequential(*layers, activation(), nn.Dropout(dropout))
""",
        tells=(
            "The batch norm has the width of the input; what it normalises has that of the output."
        ),
    ),
    Mistake(
        "dense_layer",
        "norm_of_the_input",
        "batch_norm_stands_before_activation",
        """
def dense_layer(in_features, out_features, activation=nn.ReLU, batch_norm=False, dropout=0.0):
    activation = activation or nn.Identity
    layers = [nn.BatchNorm1d(in_features)] if batch_norm else []
    layers.append(nn.Linear(in_features, out_features, bias=not batch_norm))
    return nn.Sequential(*layers, activation(), nn.Dropout(dropout))
""",
        tells="The batch norm comes before the linear layer.",
    ),
    Mistake(
        "dense_layer",
        "bias_kept",
        "no_bias_under_batch_norm",
        """
def dense_layer(in_features, out_features, activation=nn.ReLU, batch_norm=False, dropout=0.0):
    activation = activation or nn.Identity
    layers = [nn.Linear(in_features, out_features)]
    if batch_norm:
        layers.append(nn.BatchNorm1d(out_features))
    return nn.Sequential(*layers, activation(), nn.Dropout(dropout))
""",
        tells="The linear layer keeps its bias under batch norm, where it has no effect.",
    ),
    Mistake(
        "dense_layer",
        "bias_never",
        "no_bias_under_batch_norm",
        """
def dense_layer(in_features, out_features, activation=nn.ReLU, batch_norm=False, dropout=0.0):
    activation = activation or nn.Identity
    layers = [nn.Linear(in_features, out_features, bias=False)]
    if batch_norm:
        layers.append(nn.BatchNorm1d(out_features))
    return nn.Sequential(*layers, activation(), nn.Dropout(dropout))
""",
        tells="The linear layer has no bias even without batch norm.",
    ),
    Mistake(
        "dense_layer",
        "activation_ignored",
        ("dense_is_linear_then_activation", "dense_without_activation_is_linear"),
        """
def dense_layer(in_features, out_features, activation=nn.ReLU, batch_norm=False, dropout=0.0):
    activation = activation or nn.Identity
    layers = [nn.Linear(in_features, out_features, bias=not batch_norm)]
    if batch_norm:
        layers.append(nn.BatchNorm1d(out_features))
    return nn.Sequential(*layers, nn.ReLU(), nn.Dropout(dropout))
""",
        tells="The activation is always ReLU, whatever is passed.",
    ),
    Mistake(
        "dense_layer",
        "batch_norm_ignored",
        "batch_norm_stands_before_activation",
        """
def dense_layer(in_features, out_features, activation=nn.ReLU, batch_norm=False, dropout=0.0):
    activation = activation or nn.Identity
    return nn.Sequential(
        nn.Linear(in_features, out_features), activation(), nn.Dropout(dropout)
    )
""",
        tells="`batch_norm` makes no difference.",
    ),
    Mistake(
        "dense_layer",
        "dropout_ignored",
        "dropout_comes_last",
        """
def dense_layer(in_features, out_features, activation=nn.ReLU, batch_norm=False, dropout=0.0):
    activation = activation or nn.Identity
    layers = [nn.Linear(in_features, out_features, bias=not batch_norm)]
    if batch_norm:
        layers.append(nn.BatchNorm1d(out_features))
    return nn.Sequential(*layers, activation())
""",
        tells="`dropout` makes no difference.",
    ),
    Mistake(
        "dense_layer",
        "dropout_before_activation",
        "dropout_comes_last",
        """
def dense_layer(in_features, out_features, activation=nn.ReLU, batch_norm=False, dropout=0.0):
    activation = activation or nn.Identity
    layers = [nn.Linear(in_features, out_features, bias=not batch_norm)]
    if batch_norm:
        layers.append(nn.BatchNorm1d(out_features))
    return nn.Sequential(*layers, nn.Dropout(dropout), activation())
""",
        tells="The dropout comes before the activation.",
    ),
    Mistake(
        "dense_layer",
        "dropout_of_whole_samples",
        "dropout_comes_last",
        """
def dense_layer(in_features, out_features, activation=nn.ReLU, batch_norm=False, dropout=0.0):
    activation = activation or nn.Identity
    layers = [nn.Linear(in_features, out_features, bias=not batch_norm)]
    if batch_norm:
        layers.append(nn.BatchNorm1d(out_features))
    return nn.Sequential(*layers, activation(), nn.Dropout1d(dropout))
""",
        tells="The dropout drops whole samples, not single units.",
    ),
    Mistake(
        "dense_layer",
        "keep_probability_for_dropout",
        "dropout_comes_last",
        """
def dense_layer(in_features, out_features, activation=nn.ReLU, batch_norm=False, dropout=0.0):
    activation = activation or nn.Identity
    layers = [nn.Linear(in_features, out_features, bias=not batch_norm)]
    if batch_norm:
        layers.append(nn.BatchNorm1d(out_features))
    layers.append(activation())
    if dropout > 0:
        layers.append(nn.Dropout(1 - dropout))
    return nn.Sequential(*layers)
""",
        tells="`dropout` is taken for the share that is kept; it is the share that is dropped.",
    ),
    Mistake(
        "dense_layer",
        "relu_under_batch_norm",
        ("dense_is_linear_then_activation", "dense_without_activation_is_linear"),
        """
def dense_layer(in_features, out_features, activation=nn.ReLU, batch_norm=False, dropout=0.0):
    activation = activation or nn.Identity
    layers = [nn.Linear(in_features, out_features, bias=not batch_norm)]
    layers += [nn.BatchNorm1d(out_features), nn.ReLU()] if batch_norm else [activation()]
    return nn.Sequential(*layers, nn.Dropout(dropout))
""",
        tells=("Under batch norm the activation is always ReLU, whatever is passed."),
    ),
    Mistake(
        "dense_layer",
        "dropout_instead_of_batch_norm",
        "dropout_comes_last",
        """
def dense_layer(in_features, out_features, activation=nn.ReLU, batch_norm=False, dropout=0.0):
    activation = activation or nn.Identity
    layers = [nn.Linear(in_features, out_features, bias=not batch_norm)]
    if batch_norm:
        layers.append(nn.BatchNorm1d(out_features))
    layers.append(activation())
    if dropout > 0 and not batch_norm:
        layers.append(nn.Dropout(dropout))
    return nn.Sequential(*layers)
""",
        tells=("There is no dropout where there is batch norm."),
    ),
    Mistake(
        "dense_layer",
        "norm_without_parameters",
        "batch_norm_stands_before_activation",
        """
def dense_layer(in_features, out_features, activation=nn.ReLU, batch_norm=False, dropout=0.0):
    activation = activation or nn.Identity
    layers = [nn.Linear(in_features, out_features, bias=not batch_norm)]
    if batch_norm:
        layers.append(nn.BatchNorm1d(out_features, affine=False))
    return nn.Sequential(*layers, activation(), nn.Dropout(dropout))
""",
        tells=("The batch norm has no scale and shift that are trained."),
    ),
    Mistake(
        "dense_layer",
        "dropout_of_one_half",
        "dropout_comes_last",
        """
def dense_layer(in_features, out_features, activation=nn.ReLU, batch_norm=False, dropout=0.0):
    activation = activation or nn.Identity
    layers = [nn.Linear(in_features, out_features, bias=not batch_norm)]
    if batch_norm:
        layers.append(nn.BatchNorm1d(out_features))
    layers.append(activation())
    if dropout > 0:
        layers.append(nn.Dropout())
    return nn.Sequential(*layers)
""",
        tells=("Dropout drops one half, whatever `dropout` says."),
    ),
    Alternative(
        "dense_layer",
        "identities_for_what_is_off",
        """
def dense_layer(in_features, out_features, activation=nn.ReLU, batch_norm=False, dropout=0.0):
    activation = activation or nn.Identity
    return nn.Sequential(
        nn.Linear(in_features, out_features, bias=not batch_norm),
        nn.BatchNorm1d(out_features) if batch_norm else nn.Identity(),
        activation(),
        nn.Dropout(p=dropout),
    )
""",
    ),
    Alternative(
        "dense_layer",
        "named_layers",
        """
def dense_layer(in_features, out_features, activation=nn.ReLU, batch_norm=False, dropout=0.0):
    activation = activation or nn.Identity
    layer = nn.Sequential()
    layer.add_module("linear", nn.Linear(in_features, out_features, bias=not batch_norm))
    if batch_norm:
        layer.add_module("norm", nn.BatchNorm1d(num_features=out_features))
    layer.add_module("activation", activation())
    if dropout:
        layer.add_module("dropout", nn.Dropout(dropout))
    return layer
""",
    ),
    Alternative(
        "dense_layer",
        "nested_linear_and_norm",
        """
def dense_layer(in_features, out_features, activation=nn.ReLU, batch_norm=False, dropout=0.0):
    activation = activation or nn.Identity
    if batch_norm:
        linear = nn.Sequential(
            nn.Linear(in_features, out_features, bias=False), nn.BatchNorm1d(out_features)
        )
    else:
        linear = nn.Linear(in_features, out_features)
    return nn.Sequential(linear, nn.Sequential(activation(), nn.Dropout(dropout)))
""",
    ),
    Mistake(
        "dense_layer",
        "no_bias_under_dropout",
        "no_bias_under_batch_norm",
        """
def dense_layer(in_features, out_features, activation=nn.ReLU, batch_norm=False, dropout=0.0):
    activation = activation or nn.Identity
    layers = [nn.Linear(in_features, out_features, bias=not (batch_norm or dropout))]
    if batch_norm:
        layers.append(nn.BatchNorm1d(out_features))
    layers.append(activation())
    if dropout > 0:
        layers.append(nn.Dropout(dropout))
    return nn.Sequential(*layers)
""",
        tells=("The bias is left out with dropout, too: only batch norm takes it away again."),
    ),
    Mistake(
        "dense_layer",
        "dropout_in_place",
        "dropout_comes_last",
        """
def dense_layer(in_features, out_features, activation=nn.ReLU, batch_norm=False, dropout=0.0):
    activation = activation or nn.Identity
    layers = [nn.Linear(in_features, out_features, bias=not batch_norm)]
    if batch_norm:
        layers.append(nn.BatchNorm1d(out_features))
    layers.append(activation())
    if dropout > 0:
        layers.append(nn.Dropout(dropout, inplace=True))
    return nn.Sequential(*layers)
""",
        tells=(
            "Dropout works in place and overwrites the output that the backward pass of Tanh needs."
        ),
    ),
    Mistake(
        "dense_layer",
        "none_is_called",
        "dense_without_activation_is_linear",
        """
def dense_layer(in_features, out_features, activation=nn.ReLU, batch_norm=False, dropout=0.0):
    layers = [nn.Linear(in_features, out_features, bias=not batch_norm)]
    if batch_norm:
        layers.append(nn.BatchNorm1d(out_features))
    return nn.Sequential(*layers, activation(), nn.Dropout(dropout))
""",
        tells="`activation=None` is called like a class.",
    ),
    Mistake(
        "dense_layer",
        "none_means_relu",
        "dense_without_activation_is_linear",
        """
def dense_layer(in_features, out_features, activation=nn.ReLU, batch_norm=False, dropout=0.0):
    layers = [nn.Linear(in_features, out_features, bias=not batch_norm)]
    if batch_norm:
        layers.append(nn.BatchNorm1d(out_features))
    return nn.Sequential(*layers, (activation or nn.ReLU)(), nn.Dropout(dropout))
""",
        tells="`activation=None` leaves a ReLU in place.",
    ),
]

MLP = [
    Mistake(
        "mlp",
        "plain_list",
        "mlp_gradients_reach_every_parameter",
        """
class MLP(nn.Module):
    def __init__(self, input_size=784, num_classes=10, hidden_sizes=(256, 128)):
        super().__init__()
        sizes = [input_size, *hidden_sizes, num_classes]
        self.layers = [nn.Linear(a, b) for a, b in zip(sizes, sizes[1:])]

    def forward(self, x):
        x = x.flatten(1)
        for layer in self.layers[:-1]:
            x = F.relu(layer(x))
        return self.layers[-1](x)
""",
        tells="The layers are in a plain list, where `nn.Module` does not find their parameters.",
    ),
    Mistake(
        "mlp",
        "hidden_layers_in_a_plain_list",
        "mlp_gradients_reach_every_parameter",
        """
class MLP(nn.Module):
    def __init__(self, input_size=784, num_classes=10, hidden_sizes=(256, 128)):
        super().__init__()
        sizes = [input_size, *hidden_sizes]
        self.hidden = [nn.Linear(a, b) for a, b in zip(sizes, sizes[1:])]
        self.output = nn.Linear(sizes[-1], num_classes)

    def forward(self, x):
        x = x.flatten(1)
        for layer in self.hidden:
            x = F.relu(layer(x))
        return self.output(x)
""",
        tells=(
            "The hidden layers are in a plain list, where `nn.Module` does not find their "
            "parameters."
        ),
    ),
    Mistake(
        "mlp",
        "relu_on_the_output",
        "mlp_logits_follow_the_rule",
        """
class MLP(nn.Module):
    def __init__(self, input_size=784, num_classes=10, hidden_sizes=(256, 128)):
        super().__init__()
        sizes = [input_size, *hidden_sizes, num_classes]
        self.layers = nn.ModuleList(nn.Linear(a, b) for a, b in zip(sizes, sizes[1:]))

    def forward(self, x):
        x = x.flatten(1)
        for layer in self.layers:
            x = F.relu(layer(x))
        return x
""",
        tells="The output goes through a ReLU too: logits may be negative.",
    ),
    Mistake(
        "mlp",
        "softmax_on_the_output",
        "mlp_logits_follow_the_rule",
        """
class MLP(nn.Module):
    def __init__(self, input_size=784, num_classes=10, hidden_sizes=(256, 128)):
        super().__init__()
        sizes = [input_size, *hidden_sizes]
        self.hidden = nn.ModuleList(nn.Linear(a, b) for a, b in zip(sizes, sizes[1:]))
        self.output = nn.Linear(sizes[-1], num_classes)

    def forward(self, x):
        x = x.flatten(1)
        for layer in self.hidden:
            x = F.relu(layer(x))
        return F.softmax(self.output(x), dim=1)
""",
        tells=(
            "The output goes through a softmax; it should be logits, and the loss applies it "
            "itself."
        ),
    ),
    Mistake(
        "mlp",
        "no_activation",
        "mlp_logits_follow_the_rule",
        """
class MLP(nn.Module):
    def __init__(self, input_size=784, num_classes=10, hidden_sizes=(256, 128)):
        super().__init__()
        sizes = [input_size, *hidden_sizes, num_classes]
        layers = [nn.Linear(a, b) for a, b in zip(sizes, sizes[1:])]
        self.layers = nn.Sequential(nn.Flatten(), *layers)

    def forward(self, x):
        return self.layers(x)
""",
        tells=(
            "There is no ReLU between the layers, so all of them together are one linear function."
        ),
    ),
    Mistake(
        "mlp",
        "sigmoid_instead_of_relu",
        "mlp_logits_follow_the_rule",
        """
class MLP(nn.Module):
    def __init__(self, input_size=784, num_classes=10, hidden_sizes=(256, 128)):
        super().__init__()
        sizes = [input_size, *hidden_sizes]
        layers = [nn.Flatten()]
        for a, b in zip(sizes, sizes[1:]):
            layers += [nn.Linear(a, b), nn.Sigmoid()]
        self.layers = nn.Sequential(*layers, nn.Linear(sizes[-1], num_classes))

    def forward(self, x):
        return self.layers(x)
""",
        tells="The activation is the sigmoid, not ReLU.",
    ),
    Mistake(
        "mlp",
        "fixed_depth",
        ("mlp_has_any_depth", "mlp_layers_of_one_width_are_separate"),
        """
class MLP(nn.Module):
    def __init__(self, input_size=784, num_classes=10, hidden_sizes=(256, 128)):
        super().__init__()
        self.first = nn.Linear(input_size, hidden_sizes[0])
        self.second = nn.Linear(hidden_sizes[0], hidden_sizes[1])
        self.output = nn.Linear(hidden_sizes[1], num_classes)

    def forward(self, x):
        x = F.relu(self.first(x.flatten(1)))
        return self.output(F.relu(self.second(x)))
""",
        tells="There are two hidden layers, whatever `hidden_sizes` says.",
    ),
    Mistake(
        "mlp",
        "no_hidden_layer_fails",
        "mlp_has_any_depth",
        """
class MLP(nn.Module):
    def __init__(self, input_size=784, num_classes=10, hidden_sizes=(256, 128)):
        super().__init__()
        layers = [nn.Flatten(), nn.Linear(input_size, hidden_sizes[0]), nn.ReLU()]
        for a, b in zip(hidden_sizes[:-1], hidden_sizes[1:]):
            layers += [nn.Linear(a, b), nn.ReLU()]
        self.layers = nn.Sequential(*layers, nn.Linear(hidden_sizes[-1], num_classes))

    def forward(self, x):
        return self.layers(x)
""",
        tells="An empty `hidden_sizes` is not handled.",
    ),
    Mistake(
        "mlp",
        "one_hidden_layer_used_twice",
        "mlp_layers_of_one_width_are_separate",
        """
class MLP(nn.Module):
    def __init__(self, input_size=784, num_classes=10, hidden_sizes=(256, 128)):
        super().__init__()
        made, layers, a = {}, [nn.Flatten()], input_size
        for b in hidden_sizes:
            layers += [made.setdefault((a, b), nn.Linear(a, b)), nn.ReLU()]
            a = b
        self.layers = nn.Sequential(*layers, nn.Linear(a, num_classes))

    def forward(self, x):
        return self.layers(x)
""",
        tells="Hidden layers of equal size are one and the same layer.",
    ),
    Mistake(
        "mlp",
        "last_hidden_layer_repeated_for_others",
        "mlp_layers_of_one_width_are_separate",
        """
class MLP(nn.Module):
    def __init__(self, input_size=784, num_classes=10, hidden_sizes=(256, 128)):
        super().__init__()
        sizes = [input_size, *hidden_sizes]
        self.hidden = nn.ModuleList(nn.Linear(a, b) for a, b in zip(sizes, sizes[1:]))
        self.output = nn.Linear(sizes[-1], num_classes)

    def forward(self, x):
        x = x.flatten(1)
        for index, layer in enumerate(self.hidden):
            same = index and layer.weight.shape == self.hidden[-1].weight.shape
            x = F.relu(self.hidden[-1](x) if same else layer(x))
        return self.output(x)
""",
        tells="Hidden layers of equal size are one and the same layer in the forward pass.",
    ),
    Mistake(
        "mlp",
        "hidden_part_detached",
        "mlp_gradients_reach_every_parameter",
        """
class MLP(nn.Module):
    def __init__(self, input_size=784, num_classes=10, hidden_sizes=(256, 128)):
        super().__init__()
        sizes = [input_size, *hidden_sizes]
        self.hidden = nn.ModuleList(nn.Linear(a, b) for a, b in zip(sizes, sizes[1:]))
        self.output = nn.Linear(sizes[-1], num_classes)

    def forward(self, x):
        x = x.flatten(1)
        for layer in self.hidden:
            x = F.relu(layer(x)).detach()
        return self.output(x)
""",
        tells="`detach` cuts the graph: no gradient reaches the hidden layers.",
    ),
    Mistake(
        "mlp",
        "images_not_flattened",
        "mlp_logits_follow_the_rule",
        """
class MLP(nn.Module):
    def __init__(self, input_size=784, num_classes=10, hidden_sizes=(256, 128)):
        super().__init__()
        sizes = [input_size, *hidden_sizes, num_classes]
        self.layers = nn.ModuleList(nn.Linear(a, b) for a, b in zip(sizes, sizes[1:]))

    def forward(self, x):
        for layer in self.layers[:-1]:
            x = F.relu(layer(x))
        return self.layers[-1](x)
""",
        tells="The images are not flattened before the first layer.",
    ),
    Mistake(
        "mlp",
        "other_default_sizes",
        "mlp_defaults_are_for_mnist",
        """
class MLP(nn.Module):
    def __init__(self, input_size=784, num_classes=10, hidden_sizes=(128, 64)):
        super().__init__()
        sizes = [input_size, *hidden_sizes]
        self.hidden = nn.ModuleList(nn.Linear(a, b) for a, b in zip(sizes, sizes[1:]))
        self.output = nn.Linear(sizes[-1], num_classes)

    def forward(self, x):
        x = x.flatten(1)
        for layer in self.hidden:
            x = F.relu(layer(x))
        return self.output(x)
""",
        tells="The default sizes are not those of the task.",
    ),
    Mistake(
        "mlp",
        "probabilities_in_evaluation_mode",
        "mlp_logits_follow_the_rule",
        """
class MLP(nn.Module):
    def __init__(self, input_size=784, num_classes=10, hidden_sizes=(256, 128)):
        super().__init__()
        sizes = (input_size,) + hidden_sizes + (num_classes,)
        layers = [nn.Flatten()]
        for a, b in zip(sizes[:-1], sizes[1:]):
            layers += [nn.Linear(a, b), nn.ReLU()]
        self.layers = nn.Sequential(*layers[:-1])

    def forward(self, x):
        logits = self.layers(x)
        return logits if self.training else logits.softmax(1)
""",
        tells="In evaluation mode the model returns probabilities; it should always return logits.",
    ),
    Mistake(
        "mlp",
        "log_softmax_on_the_output",
        "mlp_logits_follow_the_rule",
        """
class MLP(nn.Module):
    def __init__(self, input_size=784, num_classes=10, hidden_sizes=(256, 128)):
        super().__init__()
        sizes = [input_size, *hidden_sizes]
        self.hidden = nn.ModuleList(nn.Linear(a, b) for a, b in zip(sizes, sizes[1:]))
        self.output = nn.Linear(sizes[-1], num_classes)

    def forward(self, x):
        x = x.flatten(1)
        for layer in self.hidden:
            x = F.relu(layer(x))
        return F.log_softmax(self.output(x), dim=1)
""",
        tells=("The output goes through a log-softmax; it should be logits."),
    ),
    Mistake(
        "mlp",
        "single_image_squeezed",
        "mlp_logits_follow_the_rule",
        """
class MLP(nn.Module):
    def __init__(self, input_size=784, num_classes=10, hidden_sizes=(256, 128)):
        super().__init__()
        sizes = [input_size, *hidden_sizes]
        self.hidden = nn.ModuleList(nn.Linear(a, b) for a, b in zip(sizes, sizes[1:]))
        self.output = nn.Linear(sizes[-1], num_classes)

    def forward(self, x):
        x = x.flatten(1)
        for layer in self.hidden:
            x = F.relu(layer(x))
        return self.output(x).squeeze()
""",
        tells=("`squeeze` also removes the batch axis when there is one image."),
    ),
    Mistake(
        "mlp",
        "activation_on_a_lone_layer",
        "mlp_has_any_depth",
        """
class MLP(nn.Module):
    def __init__(self, input_size=784, num_classes=10, hidden_sizes=(256, 128)):
        super().__init__()
        sizes = [input_size, *hidden_sizes, num_classes]
        self.layers = nn.ModuleList(nn.Linear(a, b) for a, b in zip(sizes, sizes[1:]))

    def forward(self, x):
        first, *others = self.layers
        x = F.relu(first(x.flatten(1)))
        for layer in others[:-1]:
            x = F.relu(layer(x))
        return others[-1](x) if others else x
""",
        tells=("Without a hidden layer the output goes through a ReLU."),
    ),
    Mistake(
        "mlp",
        "renamed_arguments",
        (
            "mlp_logits_follow_the_rule",
            "mlp_has_any_depth",
            "mlp_layers_of_one_width_are_separate",
            "mlp_gradients_reach_every_parameter",
        ),
        """
class MLP(nn.Module):
    def __init__(self, inputs=784, outputs=10, hidden=(256, 128)):
        super().__init__()
        sizes = [inputs, *hidden]
        self.hidden = nn.ModuleList(nn.Linear(a, b) for a, b in zip(sizes, sizes[1:]))
        self.output = nn.Linear(sizes[-1], outputs)

    def forward(self, x):
        x = x.flatten(1)
        for layer in self.hidden:
            x = F.relu(layer(x))
        return self.output(x)
""",
        tells=("The arguments have other names than those of the task."),
    ),
    Mistake(
        "mlp",
        "lazy_layers",
        (
            "mlp_logits_follow_the_rule",
            "mlp_has_any_depth",
            "mlp_layers_of_one_width_are_separate",
            "mlp_gradients_reach_every_parameter",
            "mlp_defaults_are_for_mnist",
        ),
        """
class MLP(nn.Module):
    def __init__(self, input_size=784, num_classes=10, hidden_sizes=(256, 128)):
        super().__init__()
        layers = [nn.Flatten()]
        for width in hidden_sizes:
            layers += [nn.LazyLinear(width), nn.ReLU()]
        self.layers = nn.Sequential(*layers, nn.LazyLinear(num_classes))

    def forward(self, x):
        return self.layers(x)
""",
        tells=("The layers are lazy: they have no weights before they have seen an input."),
    ),
    Mistake(
        "mlp",
        "leaky_relu",
        "mlp_logits_follow_the_rule",
        """
class MLP(nn.Module):
    def __init__(self, input_size=784, num_classes=10, hidden_sizes=(256, 128)):
        super().__init__()
        sizes = [input_size, *hidden_sizes]
        self.hidden = nn.ModuleList(nn.Linear(a, b) for a, b in zip(sizes, sizes[1:]))
        self.output = nn.Linear(sizes[-1], num_classes)

    def forward(self, x):
        x = x.flatten(1)
        for layer in self.hidden:
            x = F.leaky_relu(layer(x))
        return self.output(x)
""",
        tells=("The activation is a leaky ReLU, not ReLU."),
    ),
    Alternative(
        "mlp",
        "output_layer_first_in_a_sequential",
        """
class MLP(nn.Module):
    def __init__(self, input_size=784, num_classes=10, hidden_sizes=(256, 128)):
        super().__init__()
        hidden_sizes = tuple(hidden_sizes)
        self.output = nn.Linear((input_size, *hidden_sizes)[-1], num_classes)
        self.body = nn.Sequential()
        for index, width in enumerate(hidden_sizes):
            self.body.add_module(f"linear{index}", nn.Linear(input_size, width))
            self.body.add_module(f"relu{index}", nn.ReLU(inplace=True))
            input_size = width

    def forward(self, x):
        return self.output(self.body(x.view(x.size(0), -1)))
""",
    ),
    Alternative(
        "mlp",
        "own_weights_of_shape_in_out",
        """
class MLP(nn.Module):
    def __init__(self, input_size=784, num_classes=10, hidden_sizes=(256, 128)):
        super().__init__()
        sizes = [input_size, *hidden_sizes, num_classes]
        gaps = list(zip(sizes, sizes[1:]))
        self.biases = nn.ParameterList([nn.Parameter(torch.zeros(1, b)) for _, b in gaps])
        self.weights = nn.ParameterList(
            [nn.Parameter(torch.randn(a, b) * (2 / a) ** 0.5) for a, b in gaps]
        )

    def forward(self, x):
        x = x.reshape(x.shape[0], -1)
        for index, (W, b) in enumerate(zip(self.weights, self.biases)):
            x = (x if index == 0 else x.clamp(min=0)) @ W + b
        return x
""",
    ),
    Alternative(
        "mlp",
        "recursive",
        """
class MLP(nn.Module):
    def __init__(self, input_size=784, num_classes=10, hidden_sizes=(256, 128)):
        super().__init__()
        width, *others = [*hidden_sizes, num_classes]
        self.layer = nn.Linear(input_size, width)
        self.rest = MLP(width, num_classes, others[:-1]) if others else None

    def forward(self, x):
        x = self.layer(torch.flatten(x, start_dim=1))
        return x if self.rest is None else self.rest(torch.relu(x))
""",
    ),
    Alternative(
        "mlp",
        "sum_of_tuples",
        """
class MLP(nn.Module):
    def __init__(self, input_size=784, num_classes=10, hidden_sizes=(256, 128)):
        super().__init__()
        sizes = (input_size,) + hidden_sizes + (num_classes,)
        layers = [nn.Flatten()]
        for a, b in zip(sizes[:-1], sizes[1:]):
            layers += [nn.Linear(a, b), nn.ReLU()]
        self.layers = nn.Sequential(*layers[:-1])

    def forward(self, x):
        return self.layers(x)
""",
    ),
    Mistake(
        "mlp",
        "flattens_four_axes_only",
        "mlp_logits_follow_the_rule",
        """
class MLP(nn.Module):
    def __init__(self, input_size=784, num_classes=10, hidden_sizes=(256, 128)):
        super().__init__()
        sizes = [input_size, *hidden_sizes]
        self.hidden = nn.ModuleList(nn.Linear(a, b) for a, b in zip(sizes[:-1], sizes[1:]))
        self.output = nn.Linear(sizes[-1], num_classes)

    def forward(self, x):
        x = x.flatten(1) if x.ndim == 4 else x
        for layer in self.hidden:
            x = F.relu(layer(x))
        return self.output(x)
""",
        tells=("Only inputs with four axes are flattened, not those of shape (N, H, W)."),
    ),
    Mistake(
        "mlp",
        "shortcut_around_equal_widths",
        "mlp_layers_of_one_width_are_separate",
        """
class MLP(nn.Module):
    def __init__(self, input_size=784, num_classes=10, hidden_sizes=(256, 128)):
        super().__init__()
        sizes = [input_size, *hidden_sizes]
        self.hidden = nn.ModuleList(nn.Linear(a, b) for a, b in zip(sizes[:-1], sizes[1:]))
        self.output = nn.Linear(sizes[-1], num_classes)

    def forward(self, x):
        x = x.flatten(1)
        for layer in self.hidden:
            y = F.relu(layer(x))
            x = x + y if x.shape == y.shape else y
        return self.output(x)
""",
        tells=("Layers of equal width add their input to their output."),
    ),
    Alternative(
        "mlp",
        "network_within_a_network",
        """
class MLP(nn.Module):
    def __init__(self, input_size=784, num_classes=10, hidden_sizes=(256, 128)):
        super().__init__()
        if len(hidden_sizes) == 0:
            self.first, self.rest = nn.Linear(input_size, num_classes), None
        else:
            self.first = nn.Linear(input_size, hidden_sizes[0])
            self.rest = MLP(hidden_sizes[0], num_classes, hidden_sizes[1:])

    def forward(self, x):
        x = self.first(x.reshape(x.shape[0], -1))
        return x if self.rest is None else self.rest(x.relu())
""",
    ),
]

SEQUENTIAL_MLP = [
    Mistake(
        "sequential_mlp",
        "relu_at_the_end",
        "sequential_gives_the_same_logits",
        """
def sequential_mlp(dims):
    layers = [nn.Flatten()]
    for a, b in zip(dims[:-1], dims[1:]):
        layers += [nn.Linear(a, b), nn.ReLU()]
    return nn.Sequential(*layers)
""",
        tells="The output goes through a ReLU too: logits may be negative.",
    ),
    Mistake(
        "sequential_mlp",
        "no_relu",
        "sequential_gives_the_same_logits",
        """
def sequential_mlp(dims):
    return nn.Sequential(
        nn.Flatten(), *(nn.Linear(a, b) for a, b in zip(dims[:-1], dims[1:]))
    )
""",
        tells=(
            "There is no ReLU between the layers, so all of them together are one linear function."
        ),
    ),
    Mistake(
        "sequential_mlp",
        "softmax_at_the_end",
        "sequential_gives_the_same_logits",
        """
def sequential_mlp(dims):
    layers = [nn.Flatten()]
    for a, b in zip(dims[:-2], dims[1:-1]):
        layers += [nn.Linear(a, b), nn.ReLU()]
    return nn.Sequential(*layers, nn.Linear(dims[-2], dims[-1]), nn.Softmax(dim=1))
""",
        tells=(
            "The output goes through a softmax; it should be logits, and the loss applies it "
            "itself."
        ),
    ),
    Mistake(
        "sequential_mlp",
        "structure_differs",
        ("sequential_gives_the_same_logits", "sequential_passes_gradients"),
        """
def sequential_mlp(dims):
    layers = [nn.Flatten(), nn.Linear(dims[0], dims[1]), nn.ReLU()]
    return nn.Sequential(*layers, nn.Linear(dims[1], dims[-1]))
""",
        tells="There is one hidden layer, whatever `dims` says.",
    ),
    Mistake(
        "sequential_mlp",
        "no_flatten",
        "sequential_gives_the_same_logits",
        """
def sequential_mlp(dims):
    layers = []
    for a, b in zip(dims[:-2], dims[1:-1]):
        layers += [nn.Linear(a, b), nn.ReLU()]
    return nn.Sequential(*layers, nn.Linear(dims[-2], dims[-1]))
""",
        tells="The images are not flattened inside the model.",
    ),
    Mistake(
        "sequential_mlp",
        "no_sequential",
        "sequential_is_a_chain",
        """
def sequential_mlp(dims):
    return MLP(dims[0], dims[-1], tuple(dims[1:-1]))
""",
        tells="The result is not an `nn.Sequential`.",
    ),
    Mistake(
        "sequential_mlp",
        "layers_of_one_width_shared",
        "sequential_passes_gradients",
        """
def sequential_mlp(dims):
    made, layers = {}, [nn.Flatten()]
    for a, b in zip(dims[:-2], dims[1:-1]):
        layers += [made.setdefault((a, b), nn.Linear(a, b)), nn.ReLU()]
    return nn.Sequential(*layers, nn.Linear(dims[-2], dims[-1]))
""",
        tells="Layers of equal size are one and the same layer.",
    ),
    Mistake(
        "sequential_mlp",
        "relu_after_the_first_layer_only",
        "sequential_gives_the_same_logits",
        """
def sequential_mlp(dims):
    layers = [nn.Flatten(), nn.Linear(dims[0], dims[1])]
    if len(dims) > 2:
        layers.append(nn.ReLU())
    layers += [nn.Linear(a, b) for a, b in zip(dims[1:-1], dims[2:])]
    return nn.Sequential(*layers)
""",
        tells=("ReLU follows the first layer only; it should follow every layer but the last."),
    ),
    Alternative(
        "sequential_mlp",
        "last_relu_removed",
        """
def sequential_mlp(dims):
    layers = []
    for index in range(len(dims) - 1):
        layers.append(nn.Linear(dims[index], dims[index + 1]))
        layers.append(nn.ReLU(inplace=True))
    layers.pop()
    return nn.Sequential(nn.Flatten(start_dim=1), *layers)
""",
    ),
    Alternative(
        "sequential_mlp",
        "nested_blocks",
        """
def sequential_mlp(dims):
    *hidden, last = zip(dims[:-1], dims[1:])
    model = nn.Sequential(nn.Flatten())
    for a, b in hidden:
        model.append(nn.Sequential(nn.Linear(a, b), nn.ReLU()))
    model.append(nn.Linear(*last))
    return model
""",
    ),
    Mistake(
        "sequential_mlp",
        "no_relu_at_the_width_of_the_output",
        "sequential_gives_the_same_logits",
        """
def sequential_mlp(dims):
    layers = [nn.Flatten()]
    for a, b in zip(dims[:-1], dims[1:]):
        layers.append(nn.Linear(a, b))
        if b != dims[-1]:
            layers.append(nn.ReLU())
    return nn.Sequential(*layers)
""",
        tells=("A hidden layer as wide as the output gets no ReLU."),
    ),
]

L1_PENALTY = [
    Mistake(
        "l1_penalty",
        "item",
        "penalties_are_differentiable",
        """
def l1_penalty(model):
    return sum(m.weight.abs().sum().item() for m in model.modules() if isinstance(m, nn.Linear))


def l2_penalty(model):
    return sum(m.weight.pow(2).sum().item() for m in model.modules() if isinstance(m, nn.Linear))
""",
        tells=(
            "The penalty is cut off from the graph, as `.item()`, `.data` and `detach` do: no "
            "gradient comes back from it."
        ),
    ),
    Mistake(
        "l1_penalty",
        "detached",
        "penalties_are_differentiable",
        """
def l1_penalty(model):
    return sum(m.weight.data.abs().sum() for m in model.modules() if isinstance(m, nn.Linear))


def l2_penalty(model):
    return sum(m.weight.data.pow(2).sum() for m in model.modules() if isinstance(m, nn.Linear))
""",
        tells=(
            "The penalty is cut off from the graph, as `.item()`, `.data` and `detach` do: no "
            "gradient comes back from it."
        ),
    ),
    Mistake(
        "l1_penalty",
        "norm_not_squared",
        "l2_sums_squared_weights",
        """
def l1_penalty(model):
    return sum(m.weight.abs().sum() for m in model.modules() if isinstance(m, nn.Linear))


def l2_penalty(model):
    return sum(m.weight.norm() for m in model.modules() if isinstance(m, nn.Linear))
""",
        tells="The L2 penalty is the norm; it should be the sum of squares.",
    ),
    Mistake(
        "l1_penalty",
        "half_of_the_squares",
        "l2_sums_squared_weights",
        """
def l1_penalty(model):
    return sum(m.weight.abs().sum() for m in model.modules() if isinstance(m, nn.Linear))


def l2_penalty(model):
    return sum(m.weight.pow(2).sum() / 2 for m in model.modules() if isinstance(m, nn.Linear))
""",
        tells="The L2 penalty is half the sum of squares.",
    ),
    Mistake(
        "l1_penalty",
        "biases_included",
        "penalties_are_of_linear_weights",
        """
def l1_penalty(model):
    return sum(p.abs().sum() for p in model.parameters())


def l2_penalty(model):
    return sum(p.pow(2).sum() for p in model.parameters())
""",
        tells="Biases are penalised as well.",
    ),
    Mistake(
        "l1_penalty",
        "norm_layers_included",
        "penalties_are_of_linear_weights",
        """
def l1_penalty(model):
    return sum(p.abs().sum() for name, p in model.named_parameters() if "weight" in name)


def l2_penalty(model):
    return sum(p.pow(2).sum() for name, p in model.named_parameters() if "weight" in name)
""",
        tells="Weights of norm layers are penalised as well.",
    ),
    Mistake(
        "l1_penalty",
        "top_level_only",
        "penalties_are_of_linear_weights",
        """
def l1_penalty(model):
    return sum(m.weight.abs().sum() for m in model.children() if isinstance(m, nn.Linear))


def l2_penalty(model):
    return sum(m.weight.pow(2).sum() for m in model.children() if isinstance(m, nn.Linear))
""",
        tells="Only linear layers directly in the model are found, not those inside its parts.",
    ),
    Mistake(
        "l1_penalty",
        "mean_instead_of_sum",
        ("l1_sums_absolute_weights", "l2_sums_squared_weights"),
        """
def l1_penalty(model):
    return sum(m.weight.abs().mean() for m in model.modules() if isinstance(m, nn.Linear))


def l2_penalty(model):
    return sum(m.weight.pow(2).mean() for m in model.modules() if isinstance(m, nn.Linear))
""",
        tells="The penalty is a mean, not a sum.",
    ),
    Mistake(
        "l1_penalty",
        "any_matrix",
        "penalties_are_of_linear_weights",
        """
def l1_penalty(model):
    return sum(p.abs().sum() for p in model.parameters() if p.ndim == 2)


def l2_penalty(model):
    return sum(p.square().sum() for p in model.parameters() if p.ndim == 2)
""",
        tells="Matrices of other layers, such as an embedding, are penalised as well.",
    ),
    Mistake(
        "l1_penalty",
        "last_layer_only",
        (
            "l1_sums_absolute_weights",
            "l2_sums_squared_weights",
            "penalties_are_of_linear_weights",
            "penalties_are_differentiable",
        ),
        """
def l1_penalty(model):
    for module in model.modules():
        if isinstance(module, nn.Linear):
            total = module.weight.abs().sum()
    return total


def l2_penalty(model):
    for module in model.modules():
        if isinstance(module, nn.Linear):
            total = module.weight.square().sum()
    return total
""",
        tells="Only the last linear layer is penalised.",
    ),
    Mistake(
        "l1_penalty",
        "one_factor_detached",
        "penalties_are_differentiable",
        """
def l1_penalty(model):
    return sum(m.weight.abs().sum() for m in model.modules() if isinstance(m, nn.Linear))


def l2_penalty(model):
    linears = [m for m in model.modules() if isinstance(m, nn.Linear)]
    return sum((m.weight * m.weight.detach()).sum() for m in linears)
""",
        tells=(
            "The gradient of the L2 penalty is half of what it should be: a factor is detached."
        ),
    ),
    Alternative(
        "l1_penalty",
        "one_long_vector",
        """
def _weights(model):
    return torch.cat([m.weight.flatten() for m in model.modules() if isinstance(m, nn.Linear)])


def l1_penalty(model):
    return torch.linalg.vector_norm(_weights(model), ord=1)


def l2_penalty(model):
    w = _weights(model)
    return w @ w
""",
    ),
    Alternative(
        "l1_penalty",
        "running_total",
        """
def l1_penalty(model):
    total = torch.tensor(0.0)
    for module in model.modules():
        if isinstance(module, nn.Linear):
            total = total + torch.sum(torch.maximum(module.weight, -module.weight))
    return total


def l2_penalty(model):
    total = torch.zeros(())
    for module in model.modules():
        if isinstance(module, nn.Linear):
            total = total + torch.linalg.norm(module.weight) ** 2
    return total
""",
    ),
    Mistake(
        "l1_penalty",
        "root_of_the_square",
        "penalties_are_differentiable",
        """
def l1_penalty(model):
    return sum(m.weight.square().sqrt().sum() for m in model.modules() if isinstance(m, nn.Linear))


def l2_penalty(model):
    return sum(m.weight.square().sum() for m in model.modules() if isinstance(m, nn.Linear))
""",
        tells=(
            "The root of a square has no slope at 0: the gradient of a weight that is 0 is nan."
        ),
    ),
    Alternative(
        "l1_penalty",
        "l1_loss_and_dot_product",
        """
def l1_penalty(model):
    flat = torch.cat([m.weight.flatten() for m in model.modules() if isinstance(m, nn.Linear)])
    return F.l1_loss(flat, torch.zeros_like(flat), reduction="sum")


def l2_penalty(model):
    flat = torch.cat([m.weight.flatten() for m in model.modules() if isinstance(m, nn.Linear)])
    return flat.dot(flat)
""",
    ),
]

INITIALIZE = [
    Mistake(
        "initialize",
        "top_level_only",
        ("every_linear_layer_is_reached", "biases_become_zero"),
        """
def initialize(model, scheme):
    schemes = {
        "xavier_uniform": nn.init.xavier_uniform_,
        "kaiming_normal": nn.init.kaiming_normal_,
        "zeros": nn.init.zeros_,
    }
    if scheme not in schemes:
        raise ValueError(scheme)
    for module in model.children():
        if isinstance(module, nn.Linear):
            schemes[scheme](module.weight)
            nn.init.zeros_(module.bias)
    return model
""",
        tells="Only layers directly in the model are found, not those inside its parts.",
    ),
    Mistake(
        "initialize",
        "two_levels_only",
        "every_linear_layer_is_reached",
        """
def initialize(model, scheme):
    schemes = {
        "xavier_uniform": nn.init.xavier_uniform_,
        "kaiming_normal": nn.init.kaiming_normal_,
        "zeros": nn.init.zeros_,
    }
    if scheme not in schemes:
        raise ValueError(scheme)
    for child in model.children():
        for module in [child, *child.children()]:
            if isinstance(module, nn.Linear):
                schemes[scheme](module.weight)
                if module.bias is not None:
                    nn.init.zeros_(module.bias)
    return model
""",
        tells="Only the first two levels are searched; a linear layer may be deeper.",
    ),
    Mistake(
        "initialize",
        "norm_layers_touched",
        "other_layers_stay",
        """
def initialize(model, scheme):
    schemes = {
        "xavier_uniform": nn.init.xavier_uniform_,
        "kaiming_normal": nn.init.kaiming_normal_,
        "zeros": nn.init.zeros_,
    }
    if scheme not in schemes:
        raise ValueError(scheme)
    for name, parameter in model.named_parameters():
        if name.endswith("bias"):
            nn.init.zeros_(parameter)
        elif parameter.ndim == 2:
            schemes[scheme](parameter)
    return model
""",
        tells="Layers other than the linear ones are changed too.",
    ),
    Mistake(
        "initialize",
        "unknown_scheme_ignored",
        "unknown_schemes_are_refused",
        """
def initialize(model, scheme):
    for module in model.modules():
        if isinstance(module, nn.Linear):
            if scheme == "xavier_uniform":
                nn.init.xavier_uniform_(module.weight)
            elif scheme == "kaiming_normal":
                nn.init.kaiming_normal_(module.weight)
            elif scheme == "zeros":
                nn.init.zeros_(module.weight)
            if module.bias is not None:
                nn.init.zeros_(module.bias)
    return model
""",
        tells="An unknown scheme passes silently.",
    ),
    Mistake(
        "initialize",
        "bias_always_expected",
        "biases_become_zero",
        """
def initialize(model, scheme):
    schemes = {
        "xavier_uniform": nn.init.xavier_uniform_,
        "kaiming_normal": nn.init.kaiming_normal_,
        "zeros": nn.init.zeros_,
    }
    if scheme not in schemes:
        raise ValueError(scheme)
    for module in model.modules():
        if isinstance(module, nn.Linear):
            schemes[scheme](module.weight)
            nn.init.zeros_(module.bias)
    return model
""",
        tells="A linear layer without bias is not handled.",
    ),
    Mistake(
        "initialize",
        "biases_left",
        "biases_become_zero",
        """
def initialize(model, scheme):
    schemes = {
        "xavier_uniform": nn.init.xavier_uniform_,
        "kaiming_normal": nn.init.kaiming_normal_,
        "zeros": nn.init.zeros_,
    }
    if scheme not in schemes:
        raise ValueError(scheme)
    for module in model.modules():
        if isinstance(module, nn.Linear):
            schemes[scheme](module.weight)
    return model
""",
        tells="The biases keep their old values; they should be zero.",
    ),
    Mistake(
        "initialize",
        "xavier_normal",
        "xavier_uniform_has_its_bound",
        """
def initialize(model, scheme):
    schemes = {
        "xavier_uniform": nn.init.xavier_normal_,
        "kaiming_normal": nn.init.kaiming_normal_,
        "zeros": nn.init.zeros_,
    }
    if scheme not in schemes:
        raise ValueError(scheme)
    for module in model.modules():
        if isinstance(module, nn.Linear):
            schemes[scheme](module.weight)
            if module.bias is not None:
                nn.init.zeros_(module.bias)
    return model
""",
        tells="`xavier_uniform` draws normally distributed weights.",
    ),
    Mistake(
        "initialize",
        "kaiming_of_fan_out",
        "kaiming_normal_has_its_spread",
        """
def initialize(model, scheme):
    schemes = {
        "xavier_uniform": nn.init.xavier_uniform_,
        "kaiming_normal": lambda w: nn.init.kaiming_normal_(w, mode="fan_out"),
        "zeros": nn.init.zeros_,
    }
    if scheme not in schemes:
        raise ValueError(scheme)
    for module in model.modules():
        if isinstance(module, nn.Linear):
            schemes[scheme](module.weight)
            if module.bias is not None:
                nn.init.zeros_(module.bias)
    return model
""",
        tells="Kaiming's spread is taken from the outputs; it belongs to the inputs.",
    ),
    Mistake(
        "initialize",
        "parameters_replaced",
        "initialize_works_in_place",
        """
def initialize(model, scheme):
    schemes = {
        "xavier_uniform": nn.init.xavier_uniform_,
        "kaiming_normal": nn.init.kaiming_normal_,
        "zeros": nn.init.zeros_,
    }
    if scheme not in schemes:
        raise ValueError(scheme)
    for module in model.modules():
        if isinstance(module, nn.Linear):
            module.weight = nn.Parameter(schemes[scheme](torch.empty_like(module.weight)))
            if module.bias is not None:
                module.bias = nn.Parameter(torch.zeros_like(module.bias))
    return model
""",
        tells=(
            "The parameters are replaced by new ones: an optimizer made before would train the old "
            "ones."
        ),
    ),
    Mistake(
        "initialize",
        "copy_returned",
        "initialize_works_in_place",
        """
def initialize(model, scheme):
    schemes = {
        "xavier_uniform": nn.init.xavier_uniform_,
        "kaiming_normal": nn.init.kaiming_normal_,
        "zeros": nn.init.zeros_,
    }
    if scheme not in schemes:
        raise ValueError(scheme)
    model = copy.deepcopy(model)
    for module in model.modules():
        if isinstance(module, nn.Linear):
            schemes[scheme](module.weight)
            if module.bias is not None:
                nn.init.zeros_(module.bias)
    return model
""",
        tells="A copy is initialised; the given model stays unchanged.",
    ),
    Mistake(
        "initialize",
        "nothing_returned",
        "initialize_works_in_place",
        """
def initialize(model, scheme):
    schemes = {
        "xavier_uniform": nn.init.xavier_uniform_,
        "kaiming_normal": nn.init.kaiming_normal_,
        "zeros": nn.init.zeros_,
    }
    if scheme not in schemes:
        raise ValueError(scheme)
    for module in model.modules():
        if isinstance(module, nn.Linear):
            schemes[scheme](module.weight)
            if module.bias is not None:
                nn.init.zeros_(module.bias)
""",
        tells="Nothing is returned; it should be the model.",
    ),
    Mistake(
        "initialize",
        "any_scheme_of_nn_init",
        "unknown_schemes_are_refused",
        """
def initialize(model, scheme):
    for module in model.modules():
        if isinstance(module, nn.Linear):
            draw = getattr(nn.init, scheme + "_", None)
            if draw is None:
                raise ValueError(scheme)
            draw(module.weight)
            if module.bias is not None:
                nn.init.zeros_(module.bias)
    return model
""",
        tells="Every scheme of `nn.init` is accepted, not only the named ones.",
    ),
    Mistake(
        "initialize",
        "any_matrix",
        "other_layers_stay",
        """
def initialize(model, scheme):
    schemes = {
        "xavier_uniform": nn.init.xavier_uniform_,
        "kaiming_normal": nn.init.kaiming_normal_,
        "zeros": nn.init.zeros_,
    }
    if scheme not in schemes:
        raise ValueError(scheme)
    for module in model.modules():
        weight = getattr(module, "weight", None)
        if weight is not None and weight.ndim == 2:
            schemes[scheme](weight)
            if getattr(module, "bias", None) is not None:
                nn.init.zeros_(module.bias)
    return model
""",
        tells=("Every matrix is taken for a linear layer's, that of an embedding too."),
    ),
    Mistake(
        "initialize",
        "zeros_for_biases_only",
        "zeros_are_zeros",
        """
def initialize(model, scheme):
    if scheme not in ("xavier_uniform", "kaiming_normal", "zeros"):
        raise ValueError(scheme)
    for module in model.modules():
        if isinstance(module, nn.Linear):
            if scheme == "xavier_uniform":
                nn.init.xavier_uniform_(module.weight)
            elif scheme == "kaiming_normal":
                nn.init.kaiming_normal_(module.weight)
            else:
                module.reset_parameters()
            if module.bias is not None:
                nn.init.zeros_(module.bias)
    return model
""",
        tells=("`zeros` does not make the weights zero."),
    ),
    Alternative(
        "initialize",
        "apply_with_own_formulas",
        """
def initialize(model, scheme):
    @torch.no_grad()
    def visit(module):
        if not isinstance(module, nn.Linear):
            return
        out, fan_in = module.weight.shape
        if scheme == "xavier_uniform":
            bound = math.sqrt(6 / (fan_in + out))
            module.weight.uniform_(-bound, bound)
        elif scheme == "kaiming_normal":
            module.weight.normal_(0, math.sqrt(2 / fan_in))
        elif scheme == "zeros":
            module.weight.fill_(0)
        else:
            raise ValueError(f"scheme {scheme} is not known")
        if module.bias is not None:
            module.bias.fill_(0)

    return model.apply(visit)
""",
    ),
    Alternative(
        "initialize",
        "recursive_with_data",
        """
def initialize(model, scheme):
    if scheme not in ("xavier_uniform", "kaiming_normal", "zeros"):
        raise ValueError("expected xavier_uniform, kaiming_normal or zeros")
    if isinstance(model, nn.Linear):
        getattr(nn.init, scheme + "_")(model.weight.data)
        if model.bias is not None:
            model.bias.data.zero_()
    for child in model.children():
        initialize(child, scheme)
    return model
""",
    ),
    Mistake(
        "initialize",
        "one_draw_for_each_shape",
        "every_linear_layer_is_reached",
        """
def initialize(model, scheme):
    schemes = {
        "xavier_uniform": nn.init.xavier_uniform_,
        "kaiming_normal": lambda weight: nn.init.kaiming_normal_(weight, nonlinearity="relu"),
        "zeros": nn.init.zeros_,
    }
    if scheme not in schemes:
        raise ValueError(f"unknown scheme {scheme!r}")
    done = {}
    for module in model.modules():
        if isinstance(module, nn.Linear):
            if module.weight.shape in done:
                module.weight.data.copy_(done[module.weight.shape])
            else:
                done[module.weight.shape] = schemes[scheme](module.weight).data
            if module.bias is not None:
                nn.init.zeros_(module.bias)
    return model
""",
        tells=("Layers of one shape get the same weights: they are drawn once, then copied."),
    ),
]

MLP_GRADIENTS = [
    Mistake(
        "mlp_gradients",
        "autograd",
        (
            "hand_gradients_fit_the_parameters",
            "hand_gradients_of_the_output_layer",
            "hand_gradients_of_the_first_layer",
            "hand_gradients_are_means",
            "hand_gradients_stop_at_the_kink",
            "hand_gradients_of_large_logits",
        ),
        """
def mlp_gradients(x, y, parameters):
    with torch.inference_mode(False), torch.enable_grad():
        leaves = [(W.clone().requires_grad_(), b.clone().requires_grad_()) for W, b in parameters]
        F.cross_entropy(functional_mlp(x.clone(), leaves), y.clone()).backward()
    return [(W.grad, b.grad) for W, b in leaves]
""",
        tells="The gradients come from autograd.",
    ),
    Mistake(
        "mlp_gradients",
        "torch_func",
        (
            "hand_gradients_fit_the_parameters",
            "hand_gradients_of_the_output_layer",
            "hand_gradients_of_the_first_layer",
            "hand_gradients_are_means",
            "hand_gradients_stop_at_the_kink",
            "hand_gradients_of_large_logits",
        ),
        """
def mlp_gradients(x, y, parameters):
    def loss(parameters):
        return F.cross_entropy(functional_mlp(x, parameters), y)

    return torch.func.grad(loss)([tuple(pair) for pair in parameters])
""",
        tells="The gradients come from `torch.func`, which is autograd too.",
    ),
    Mistake(
        "mlp_gradients",
        "forward_mode",
        (
            "hand_gradients_fit_the_parameters",
            "hand_gradients_of_the_output_layer",
            "hand_gradients_of_the_first_layer",
            "hand_gradients_are_means",
            "hand_gradients_stop_at_the_kink",
            "hand_gradients_of_large_logits",
        ),
        """
def mlp_gradients(x, y, parameters):
    def loss(parameters):
        return F.cross_entropy(functional_mlp(x, parameters), y)

    return torch.func.jacfwd(loss)([tuple(pair) for pair in parameters])
""",
        tells="The gradients come from `torch.func`, which is autograd too.",
    ),
    Mistake(
        "mlp_gradients",
        "sum_for_mean",
        "hand_gradients_are_means",
        """
def mlp_gradients(x, y, parameters):
    (W1, b1), (W2, b2) = parameters
    x = x.flatten(1)
    before = x @ W1 + b1
    hidden = before.relu()
    logits = hidden @ W2 + b2
    d_logits = logits.softmax(1) - F.one_hot(y, logits.shape[1])
    d_before = (d_logits @ W2.T) * (before > 0)
    return [(x.T @ d_before, d_before.sum(0)), (hidden.T @ d_logits, d_logits.sum(0))]
""",
        tells="The gradients are sums over the batch: the loss is a mean.",
    ),
    Mistake(
        "mlp_gradients",
        "bias_gradients_averaged_twice",
        "hand_gradients_are_means",
        """
def mlp_gradients(x, y, parameters):
    (W1, b1), (W2, b2) = parameters
    x = x.flatten(1)
    before = x @ W1 + b1
    hidden = before.relu()
    logits = hidden @ W2 + b2
    d_logits = (logits.softmax(1) - F.one_hot(y, logits.shape[1])) / len(y)
    d_before = (d_logits @ W2.T) * (before > 0)
    return [(x.T @ d_before, d_before.mean(0)), (hidden.T @ d_logits, d_logits.mean(0))]
""",
        tells="The mean over the batch is taken twice for the biases.",
    ),
    Mistake(
        "mlp_gradients",
        "mean_over_all_entries",
        "hand_gradients_of_the_output_layer",
        """
def mlp_gradients(x, y, parameters):
    (W1, b1), (W2, b2) = parameters
    x = x.flatten(1)
    before = x @ W1 + b1
    hidden = before.relu()
    logits = hidden @ W2 + b2
    d_logits = (logits.softmax(1) - F.one_hot(y, logits.shape[1])) / logits.numel()
    d_before = (d_logits @ W2.T) * (before > 0)
    return [(x.T @ d_before, d_before.sum(0)), (hidden.T @ d_logits, d_logits.sum(0))]
""",
        tells="The gradients are divided by the number of classes, too.",
    ),
    Mistake(
        "mlp_gradients",
        "first_image_only",
        "hand_gradients_are_means",
        """
def mlp_gradients(x, y, parameters):
    (W1, b1), (W2, b2) = parameters
    x, y = x.flatten(1)[:1], y[:1]
    before = x @ W1 + b1
    hidden = before.relu()
    logits = hidden @ W2 + b2
    d_logits = (logits.softmax(1) - F.one_hot(y, logits.shape[1])) / len(y)
    d_before = (d_logits @ W2.T) * (before > 0)
    return [(x.T @ d_before, d_before.sum(0)), (hidden.T @ d_logits, d_logits.sum(0))]
""",
        tells="Only the first image of the batch counts.",
    ),
    Mistake(
        "mlp_gradients",
        "mask_missing",
        ("hand_gradients_of_the_first_layer", "hand_gradients_stop_at_the_kink"),
        """
def mlp_gradients(x, y, parameters):
    (W1, b1), (W2, b2) = parameters
    x = x.flatten(1)
    before = x @ W1 + b1
    hidden = before.relu()
    logits = hidden @ W2 + b2
    d_logits = (logits.softmax(1) - F.one_hot(y, logits.shape[1])) / len(y)
    d_before = d_logits @ W2.T
    return [(x.T @ d_before, d_before.sum(0)), (hidden.T @ d_logits, d_logits.sum(0))]
""",
        tells="The gradient goes back through ReLUs that are not active.",
    ),
    Mistake(
        "mlp_gradients",
        "mask_of_what_arrives",
        ("hand_gradients_of_the_first_layer", "hand_gradients_stop_at_the_kink"),
        """
def mlp_gradients(x, y, parameters):
    (W1, b1), (W2, b2) = parameters
    x = x.flatten(1)
    before = x @ W1 + b1
    hidden = before.relu()
    logits = hidden @ W2 + b2
    d_logits = (logits.softmax(1) - F.one_hot(y, logits.shape[1])) / len(y)
    d_before = (d_logits @ W2.T) * (d_logits @ W2.T > 0)
    return [(x.T @ d_before, d_before.sum(0)), (hidden.T @ d_logits, d_logits.sum(0))]
""",
        tells="The mask is that of what comes back; it is the ReLU's input that decides.",
    ),
    Mistake(
        "mlp_gradients",
        "mask_of_the_logits",
        (
            "hand_gradients_of_the_first_layer",
            "hand_gradients_of_the_output_layer",
            "hand_gradients_stop_at_the_kink",
            "hand_gradients_of_large_logits",
        ),
        """
def mlp_gradients(x, y, parameters):
    (W1, b1), (W2, b2) = parameters
    x = x.flatten(1)
    before = x @ W1 + b1
    hidden = before.relu()
    logits = hidden @ W2 + b2
    d_logits = (logits.softmax(1) - F.one_hot(y, logits.shape[1])) / len(y) * (logits > 0)
    d_before = d_logits @ W2.T
    return [(x.T @ d_before, d_before.sum(0)), (hidden.T @ d_logits, d_logits.sum(0))]
""",
        tells="The ReLU's mask is applied at the logits, where there is no ReLU.",
    ),
    Mistake(
        "mlp_gradients",
        "slope_one_at_zero",
        "hand_gradients_stop_at_the_kink",
        """
def mlp_gradients(x, y, parameters):
    (W1, b1), (W2, b2) = parameters
    x = x.flatten(1)
    before = x @ W1 + b1
    hidden = before.relu()
    logits = hidden @ W2 + b2
    d_logits = (logits.softmax(1) - F.one_hot(y, logits.shape[1])) / len(y)
    d_before = (d_logits @ W2.T) * (before >= 0)
    return [(x.T @ d_before, d_before.sum(0)), (hidden.T @ d_logits, d_logits.sum(0))]
""",
        tells="Where the input of a ReLU is exactly 0, something comes back.",
    ),
    Mistake(
        "mlp_gradients",
        "weights_transposed",
        "hand_gradients_fit_the_parameters",
        """
def mlp_gradients(x, y, parameters):
    (W1, b1), (W2, b2) = parameters
    x = x.flatten(1)
    before = x @ W1 + b1
    hidden = before.relu()
    logits = hidden @ W2 + b2
    d_logits = (logits.softmax(1) - F.one_hot(y, logits.shape[1])) / len(y)
    d_before = (d_logits @ W2.T) * (before > 0)
    return [(d_before.T @ x, d_before.sum(0)), (d_logits.T @ hidden, d_logits.sum(0))]
""",
        tells="The gradients of the weights are transposed.",
    ),
    Mistake(
        "mlp_gradients",
        "bias_gradients_keep_an_axis",
        "hand_gradients_fit_the_parameters",
        """
def mlp_gradients(x, y, parameters):
    (W1, b1), (W2, b2) = parameters
    x = x.flatten(1)
    before = x @ W1 + b1
    hidden = before.relu()
    logits = hidden @ W2 + b2
    d_logits = (logits.softmax(1) - F.one_hot(y, logits.shape[1])) / len(y)
    d_before = (d_logits @ W2.T) * (before > 0)
    db1, db2 = d_before.sum(0, keepdim=True), d_logits.sum(0, keepdim=True)
    return [(x.T @ d_before, db1), (hidden.T @ d_logits, db2)]
""",
        tells="The gradients of the biases have one axis more than the biases.",
    ),
    Mistake(
        "mlp_gradients",
        "one_hot_as_wide_as_the_labels",
        (
            "hand_gradients_fit_the_parameters",
            "hand_gradients_of_the_output_layer",
            "hand_gradients_of_the_first_layer",
            "hand_gradients_are_means",
            "hand_gradients_stop_at_the_kink",
            "hand_gradients_of_large_logits",
        ),
        """
def mlp_gradients(x, y, parameters):
    (W1, b1), (W2, b2) = parameters
    x = x.flatten(1)
    before = x @ W1 + b1
    hidden = before.relu()
    logits = hidden @ W2 + b2
    d_logits = (logits.softmax(1) - F.one_hot(y)) / len(y)
    d_before = (d_logits @ W2.T) * (before > 0)
    return [(x.T @ d_before, d_before.sum(0)), (hidden.T @ d_logits, d_logits.sum(0))]
""",
        tells="The one-hot labels are as wide as the largest label of the batch.",
    ),
    Mistake(
        "mlp_gradients",
        "sign_turned",
        "hand_gradients_of_the_output_layer",
        """
def mlp_gradients(x, y, parameters):
    (W1, b1), (W2, b2) = parameters
    x = x.flatten(1)
    before = x @ W1 + b1
    hidden = before.relu()
    logits = hidden @ W2 + b2
    d_logits = (F.one_hot(y, logits.shape[1]) - logits.softmax(1)) / len(y)
    d_before = (d_logits @ W2.T) * (before > 0)
    return [(x.T @ d_before, d_before.sum(0)), (hidden.T @ d_logits, d_logits.sum(0))]
""",
        tells="The gradients have the wrong sign.",
    ),
    Mistake(
        "mlp_gradients",
        "softmax_over_the_batch",
        ("hand_gradients_of_the_output_layer", "hand_gradients_are_means"),
        """
def mlp_gradients(x, y, parameters):
    (W1, b1), (W2, b2) = parameters
    x = x.flatten(1)
    before = x @ W1 + b1
    hidden = before.relu()
    logits = hidden @ W2 + b2
    d_logits = (logits.softmax(0) - F.one_hot(y, logits.shape[1])) / len(y)
    d_before = (d_logits @ W2.T) * (before > 0)
    return [(x.T @ d_before, d_before.sum(0)), (hidden.T @ d_logits, d_logits.sum(0))]
""",
        tells="The softmax is taken over the images, not over the classes.",
    ),
    Mistake(
        "mlp_gradients",
        "exp_overflows",
        "hand_gradients_of_large_logits",
        """
def mlp_gradients(x, y, parameters):
    (W1, b1), (W2, b2) = parameters
    x = x.flatten(1)
    before = x @ W1 + b1
    hidden = before.relu()
    logits = hidden @ W2 + b2
    p = logits.exp()
    d_logits = (p / p.sum(1, keepdim=True) - F.one_hot(y, logits.shape[1])) / len(y)
    d_before = (d_logits @ W2.T) * (before > 0)
    return [(x.T @ d_before, d_before.sum(0)), (hidden.T @ d_logits, d_logits.sum(0))]
""",
        tells="Large logits overflow: the exponential is taken without subtracting anything first.",
    ),
    Mistake(
        "mlp_gradients",
        "images_not_flattened",
        "hand_gradients_fit_the_parameters",
        """
def mlp_gradients(x, y, parameters):
    (W1, b1), (W2, b2) = parameters
    before = x @ W1 + b1
    hidden = before.relu()
    logits = hidden @ W2 + b2
    d_logits = (logits.softmax(1) - F.one_hot(y, logits.shape[1])) / len(y)
    d_before = (d_logits @ W2.T) * (before > 0)
    return [(x.T @ d_before, d_before.sum(0)), (hidden.T @ d_logits, d_logits.sum(0))]
""",
        tells="Images are not flattened.",
    ),
    Mistake(
        "mlp_gradients",
        "squared_error",
        ("hand_gradients_of_the_output_layer", "hand_gradients_of_large_logits"),
        """
def mlp_gradients(x, y, parameters):
    (W1, b1), (W2, b2) = parameters
    x = x.flatten(1)
    before = x @ W1 + b1
    hidden = before.relu()
    logits = hidden @ W2 + b2
    d_logits = 2 * (logits - F.one_hot(y, logits.shape[1])) / len(y)
    d_before = (d_logits @ W2.T) * (before > 0)
    return [(x.T @ d_before, d_before.sum(0)), (hidden.T @ d_logits, d_logits.sum(0))]
""",
        tells="The gradient at the logits is that of a squared error.",
    ),
    Alternative(
        "mlp_gradients",
        "numpy_row_by_row",
        """
def mlp_gradients(x, y, parameters):
    (W1, b1), (W2, b2) = [[t.detach().double().numpy() for t in pair] for pair in parameters]
    grads = [np.zeros_like(a) for a in (W1, b1, W2, b2)]
    rows = x.detach().reshape(len(x), -1).double().numpy()
    for row, label in zip(rows, y.tolist()):
        z1 = row @ W1 + b1
        h = np.maximum(z1, 0)
        z2 = h @ W2 + b2
        p = np.exp(z2 - z2.max())
        p /= p.sum()
        p[label] -= 1
        back = np.where(z1 > 0, W2 @ p, 0)
        for total, part in zip(grads, (np.outer(row, back), back, np.outer(h, p), p)):
            total += part / len(rows)
    dW1, db1, dW2, db2 = (torch.from_numpy(g).float() for g in grads)
    return [(dW1, db1), (dW2, db2)]
""",
    ),
    Alternative(
        "mlp_gradients",
        "einsum_and_in_place",
        """
def mlp_gradients(x, y, parameters):
    (W1, b1), (W2, b2) = parameters
    x = x.reshape(x.shape[0], -1)
    z = torch.addmm(b1, x, W1)
    h = z.clamp(min=0)
    p = F.log_softmax(torch.addmm(b2, h, W2), dim=1).exp()
    p[torch.arange(len(y)), y] -= 1
    p /= len(y)
    back = torch.einsum("nc,hc->nh", p, W2)
    back[h == 0] = 0
    dW = [torch.einsum("ni,no->io", a, d) for a, d in ((x, back), (h, p))]
    return list(zip(dW, (back.sum(dim=0), p.sum(dim=0))))
""",
    ),
    Alternative(
        "mlp_gradients",
        "bias_as_a_row_of_ones",
        """
def mlp_gradients(x, y, parameters):
    def with_ones(a):
        return torch.cat([a, torch.ones(len(a), 1)], dim=1)

    (W1, b1), (W2, b2) = parameters
    a0 = with_ones(x.flatten(1))
    z1 = a0 @ torch.cat([W1, b1[None]])
    a1 = with_ones(torch.relu(z1))
    z2 = a1 @ torch.cat([W2, b2[None]])
    targets = torch.zeros_like(z2).scatter_(1, y[:, None], 1.0)
    d2 = (torch.softmax(z2, 1) - targets) / len(x)
    d1 = d2 @ W2.T * torch.sign(torch.relu(z1))
    both = a0.T @ d1, a1.T @ d2
    return [(g[:-1], g[-1]) for g in both]
""",
    ),
]

ANSWERS = [
    *FUNCTIONAL_PARAMETERS,
    *FUNCTIONAL_MLP,
    *COUNT_PARAMETERS,
    *DENSE_LAYER,
    *MLP,
    *SEQUENTIAL_MLP,
    *L1_PENALTY,
    *INITIALIZE,
    *MLP_GRADIENTS,
]
