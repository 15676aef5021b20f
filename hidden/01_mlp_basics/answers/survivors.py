"""Changes of the reference that cost no points, and why that is right."""

ZIP = "zip ends with the shorter of the two"
DROPOUT = "Dropout with probability 0 does nothing"
FILE = "the text asks for a file without code, not for a way to read it"
START = "every number below 0 is below every accuracy"
EPOCHS = "there is a best state after one epoch or more"
SLOPE = "the default is a leaky ReLU of slope 0: ReLU"
SWAPPED = "a convolution is the same with its two arguments swapped"
CONVERTED = "np.convolve converts lists and integers itself"
TENSORS = "a tensor of one number does as an index and in a comparison"

SURVIVORS = {
    "functional_parameters": {
        "for fan_in, fan_out in zip(dims[:-1], dims[1:]):"
        " → for fan_in, fan_out in zip(dims[:], dims[1:]):": ZIP,
    },
    "dense_layer": {
        "if dropout > 0: → if True:": DROPOUT,
        "if dropout > 0: → if dropout > -1:": DROPOUT,
        "if dropout > 0: → if dropout >= 0:": DROPOUT,
    },
    "mlp": {
        "self.hidden = nn.ModuleList((nn.Linear(fan_in, fan_out) for fan_in, fan_out in "
        "zip(sizes[:-1], sizes[1:])))"
        " → self.hidden = nn.ModuleList((nn.Linear(fan_in, fan_out) for fan_in, fan_out in "
        "zip(sizes[:], sizes[1:])))": ZIP,
    },
    "sequential_mlp": {
        "for fan_in, fan_out in zip(dims[:-2], dims[1:-1]):"
        " → for fan_in, fan_out in zip(dims[:-1], dims[1:-1]):": ZIP,
        "for fan_in, fan_out in zip(dims[:-2], dims[1:-1]):"
        " → for fan_in, fan_out in zip(dims[:-2], dims[1:]):": ZIP,
        "for fan_in, fan_out in zip(dims[:-2], dims[1:-1]):"
        " → for fan_in, fan_out in zip(dims[:], dims[1:-1]):": ZIP,
    },
    "save_model": {
        "state = torch.load(path, map_location='cpu', weights_only=True)"
        " → state = torch.load(path, map_location='cpu')": FILE,
        "state = torch.load(path, map_location='cpu', weights_only=True)"
        " → state = torch.load(path, map_location='cpu', weights_only=False)": FILE,
    },
    "trainer": {
        "best_accuracy, best_state = (-1.0, None)"
        " → best_accuracy, best_state = (-2.0, None)": START,
        "if best_state is not None: → if True:": EPOCHS,
    },
    "initialize": {
        "schemes = {'xavier_uniform': nn.init.xavier_uniform_, 'kaiming_normal': lambda "
        "weight: nn.init.kaiming_normal_(weight, nonlinearity='relu'), 'zeros': "
        "nn.init.zeros_}"
        " → schemes = {'xavier_uniform': nn.init.xavier_uniform_, 'kaiming_normal': lambda "
        "weight: nn.init.kaiming_normal_(weight), 'zeros': nn.init.zeros_}": SLOPE,
    },
    "moving_average": {
        "return np.convolve(values, np.ones(window) / window, mode='valid')"
        " → return np.convolve(np.ones(window) / window, values, mode='valid')": SWAPPED,
        "values = np.asarray(values, dtype=float) → pass": CONVERTED,
        "values = np.asarray(values, dtype=float) → values = np.asarray(values)": CONVERTED,
    },
    "accuracy_per_class": {
        "for label, guess in zip(labels.tolist(), predicted.tolist()):"
        " → for label, guess in zip(labels, predicted.tolist()):": TENSORS,
        "for label, guess in zip(labels.tolist(), predicted.tolist()):"
        " → for label, guess in zip(labels.tolist(), predicted):": TENSORS,
    },
}
