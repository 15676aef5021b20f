"""Known mistakes and accepted alternatives of assignment 03."""

from autograder.checking import Alternative, Mistake

ANSWERS: list[Mistake | Alternative] = [
    Mistake(
        "sgd",
        "ascent",
        "follows_the_rule",
        """\
class SGD(OptimizerTemplate):
    def update_param(self, p):
        p += self.lr * p.grad
""",
        tells="The step goes up the gradient, not down.",
    ),
    Mistake(
        "sgd",
        "name_rebound",
        (
            "follows_the_rule",
            "changes_the_parameter_in_place",
            "skips_missing_gradients",
            "learning_rate_may_change",
            "works_in_a_training_loop",
        ),
        """\
class SGD(OptimizerTemplate):
    def update_param(self, p):
        p = p - self.lr * p.grad
""",
        tells="A new tensor is made, and the parameter itself never changes.",
    ),
    Mistake(
        "sgd",
        "data_rebound",
        "changes_the_parameter_in_place",
        """\
class SGD(OptimizerTemplate):
    def update_param(self, p):
        p.data = p.data - self.lr * p.grad
""",
        tells=(
            "The parameter gets new memory at each step; whoever holds the old memory sees no "
            "change."
        ),
    ),
    Mistake(
        "sgd",
        "list_entry_replaced",
        (
            "follows_the_rule",
            "changes_the_parameter_in_place",
            "skips_missing_gradients",
            "learning_rate_may_change",
            "works_in_a_training_loop",
        ),
        """\
class SGD(OptimizerTemplate):
    def step(self):
        for index, p in enumerate(self.params):
            if p.grad is not None:
                self.params[index] = (p - self.lr * p.grad).detach().requires_grad_()
""",
        tells="A new tensor is made, and the parameter itself never changes.",
    ),
    Mistake(
        "sgd",
        "missing_gradient_crashes",
        "skips_missing_gradients",
        """\
class SGD(OptimizerTemplate):
    @torch.no_grad()
    def step(self):
        for p in self.params:
            p -= self.lr * p.grad
""",
        tells="A parameter whose gradient is None is used like any other.",
    ),
    Mistake(
        "sgd",
        "stops_at_missing_gradient",
        "skips_missing_gradients",
        """\
class SGD(OptimizerTemplate):
    @torch.no_grad()
    def step(self):
        for p in self.params:
            if p.grad is None:
                break
            p -= self.lr * p.grad
""",
        tells="The first parameter without a gradient ends the step for all that follow.",
    ),
    Mistake(
        "sgd",
        "gradient_overwritten",
        "changes_the_parameter_in_place",
        """\
class SGD(OptimizerTemplate):
    def update_param(self, p):
        p.sub_(p.grad.mul_(self.lr))
""",
        tells="An operation with a trailing underscore writes into `p.grad` itself.",
    ),
    Mistake(
        "sgd",
        "gradient_cleared_by_step",
        "changes_the_parameter_in_place",
        """\
class SGD(OptimizerTemplate):
    def update_param(self, p):
        p -= self.lr * p.grad
        p.grad.zero_()
""",
        tells="`step` clears the gradients; that is the work of `zero_grad`.",
    ),
    Mistake(
        "sgd",
        "learning_rate_of_the_beginning",
        "learning_rate_may_change",
        """\
class SGD(OptimizerTemplate):
    def __init__(self, params, lr):
        super().__init__(params, lr)
        self.factor = -lr

    def update_param(self, p):
        p.add_(p.grad, alpha=self.factor)
""",
        tells=(
            "The learning rate is read once, when the optimizer is made; later changes are not "
            "seen."
        ),
    ),
    Mistake(
        "sgd",
        "generator_kept",
        "works_in_a_training_loop",
        """\
class SGD(OptimizerTemplate):
    def __init__(self, params, lr):
        self.params = params
        self.lr = lr

    def update_param(self, p):
        p -= self.lr * p.grad
""",
        tells="The parameters came as a generator, which is used up after the first pass.",
    ),
    Mistake(
        "sgd",
        "learning_rate_in_the_class",
        "works_in_a_training_loop",
        """\
class SGD(OptimizerTemplate):
    def __init__(self, params, lr):
        self.params = list(params)
        SGD.lr = lr

    def update_param(self, p):
        p -= self.lr * p.grad
""",
        tells=(
            "The learning rate is kept in the class, so a second optimizer changes that of the "
            "first."
        ),
    ),
    Mistake(
        "sgd",
        "normalised_gradient",
        "follows_the_rule",
        """\
class SGD(OptimizerTemplate):
    def update_param(self, p):
        p -= self.lr * p.grad / p.grad.norm()
""",
        tells="Only the direction of the gradient counts here, not its length.",
    ),
    Mistake(
        "sgd",
        "learning_rate_forgotten",
        ("follows_the_rule", "learning_rate_may_change"),
        """\
class SGD(OptimizerTemplate):
    def update_param(self, p):
        p -= p.grad
""",
        tells="The step is the whole gradient: the learning rate is missing.",
    ),
    Mistake(
        "sgd",
        "keeps_rate_in_default_argument",
        "works_in_a_training_loop",
        """\
class SGD(OptimizerTemplate):
    def __init__(self, params, lr, settings={}):
        self.params, self.settings = list(params), settings
        settings["lr"] = lr

    @property
    def lr(self):
        return self.settings["lr"]

    @lr.setter
    def lr(self, value):
        self.settings["lr"] = value

    def update_param(self, p):
        p -= self.lr * p.grad
""",
        tells="The learning rate is kept in a default argument, so a second optimizer changes that of the first.",
    ),
    Mistake(
        "sgd",
        "half_the_gradient",
        "follows_the_rule",
        """\
class SGD(OptimizerTemplate):
    def update_param(self, p):
        p -= 0.5 * self.lr * p.grad
""",
        tells="The step is in proportion to the gradient, but not learning rate times gradient.",
    ),
    Mistake(
        "sgd",
        "only_the_sign",
        "follows_the_rule",
        """\
class SGD(OptimizerTemplate):
    def update_param(self, p):
        p -= self.lr * torch.sign(p.grad)
""",
        tells="Only the signs of the gradient count here, not its size.",
    ),
    Alternative(
        "sgd",
        "step_overridden",
        """\
class SGD(OptimizerTemplate):
    @torch.no_grad()
    def step(self):
        for p in self.params:
            if p.grad is None:
                continue
            p.add_(p.grad, alpha=-self.lr)
""",
    ),
    Alternative(
        "sgd",
        "copied_into_data",
        """\
class SGD(OptimizerTemplate):
    def update_param(self, p):
        p.data.copy_(p.data - self.lr * p.grad.data)
""",
    ),
    Alternative(
        "sgd",
        "whole_slice",
        """\
class SGD(OptimizerTemplate):
    def __init__(self, params, lr=0.1):
        OptimizerTemplate.__init__(self, params, lr)

    def update_param(self, p):
        p[...] = p - p.grad.detach().clone().mul_(self.lr)
""",
    ),
    Alternative(
        "sgd",
        "own_class_without_template",
        """\
class SGD:
    def __init__(self, params, lr):
        self.params, self.lr = tuple(params), lr

    def zero_grad(self):
        for p in self.params:
            p.grad = None

    def step(self):
        for p in self.params:
            if p.grad is not None:
                p.data -= self.lr * p.grad
""",
    ),
    Mistake(
        "sgd",
        "large_gradients_clipped",
        "follows_the_rule",
        """\
class SGD(OptimizerTemplate):

    def update_param(self, p):
        p.sub_(self.lr * p.grad.clamp(-10, 10))
""",
        tells="Large gradients are cut: the step is not in proportion to the gradient.",
    ),
    Mistake(
        "sgd",
        "reshaped_copy_moved",
        "changes_the_parameter_in_place",
        """\
class SGD(OptimizerTemplate):

    def update_param(self, p):
        p.reshape(-1).sub_(self.lr * p.grad.reshape(-1))
""",
        tells="`reshape` may return a copy, and then only the copy moves.",
    ),
    Mistake(
        "sgd",
        "row_by_row",
        "follows_the_rule",
        """\
class SGD(OptimizerTemplate):

    def update_param(self, p):
        for i in range(p.shape[0]):
            p[i] -= self.lr * p.grad[i]
""",
        tells="The rows are gone through one by one, which a single number does not have.",
    ),
    Mistake(
        "sgd",
        "first_parameter_only",
        "skips_missing_gradients",
        """\
class SGD(OptimizerTemplate):

    def update_param(self, p):
        if p is self.params[0]:
            p.sub_(self.lr * p.grad)
""",
        tells="Only the first parameter is ever updated.",
    ),
    Mistake(
        "sgd",
        "gradient_scaled_and_back",
        "changes_the_parameter_in_place",
        """\
class SGD(OptimizerTemplate):

    def update_param(self, p):
        p.sub_(p.grad.mul_(self.lr))
        p.grad.div_(self.lr)
""",
        tells="An operation with a trailing underscore writes into `p.grad` itself.",
    ),
    Mistake(
        "sgd",
        "learning_rate_in_the_class_read_at_each_step",
        ("learning_rate_may_change", "works_in_a_training_loop"),
        """\
class SGD(OptimizerTemplate):

    def __init__(self, params, lr):
        super().__init__(params, lr)
        SGD.rate = lr

    def update_param(self, p):
        p.sub_(SGD.rate * p.grad)
""",
        tells="The learning rate is kept in the class, so a second optimizer changes that of the first.",
    ),
    Alternative(
        "sgd",
        "numpy_on_the_same_memory",
        """\
class SGD(OptimizerTemplate):

    def update_param(self, p):
        p.detach().numpy()[...] -= (self.lr * p.grad).numpy()
""",
    ),
    Alternative(
        "sgd",
        "lerp",
        """\
class SGD(OptimizerTemplate):

    def update_param(self, p):
        p.lerp_(p - p.grad, self.lr)
""",
    ),
    Mistake(
        "sgd_momentum",
        "no_one_minus_momentum",
        ("follows_the_rule", "arrives"),
        """\
class SGDMomentum(OptimizerTemplate):
    def __init__(self, params, lr, momentum=0.9):
        super().__init__(params, lr)
        self.momentum = momentum
        self.mean = {p: torch.zeros_like(p) for p in self.params}

    def update_param(self, p):
        self.mean[p] = self.momentum * self.mean[p] + p.grad
        p -= self.lr * self.mean[p]
""",
        tells=(
            "This is what happens without the `1 - momentum` factor: steps become about ten times "
            "as long."
        ),
    ),
    Mistake(
        "sgd_momentum",
        "no_one_minus_momentum_in_step",
        ("follows_the_rule", "arrives"),
        """\
class SGDMomentum(OptimizerTemplate):
    def __init__(self, params, lr, momentum=0.9):
        super().__init__(params, lr)
        self.momentum = momentum
        self.mean = [torch.zeros_like(p) for p in self.params]

    @torch.no_grad()
    def step(self):
        for p, mean in zip(self.params, self.mean):
            if p.grad is not None:
                mean.mul_(self.momentum).add_(p.grad)
                p.add_(mean, alpha=-self.lr)
""",
        tells=(
            "This is what happens without the `1 - momentum` factor: steps become about ten times "
            "as long."
        ),
    ),
    Mistake(
        "sgd_momentum",
        "gradients_never_cleared",
        ("works_in_a_training_loop", "arrives"),
        """\
class SGDMomentum(OptimizerTemplate):
    def __init__(self, params, lr, momentum=0.9):
        super().__init__(params, lr)
        self.momentum = momentum
        self.mean = {p: torch.zeros_like(p) for p in self.params}

    def zero_grad(self):
        for p in self.params:
            grad = p.grad
            if grad is not None:
                grad = torch.zeros_like(grad)

    def update_param(self, p):
        self.mean[p] = self.momentum * self.mean[p] + (1 - self.momentum) * p.grad
        p -= self.lr * self.mean[p]
""",
        tells="`zero_grad` does not clear the gradients: they add up from step to step.",
    ),
    Mistake(
        "sgd_momentum",
        "weights_swapped",
        ("follows_the_rule", "arrives"),
        """\
class SGDMomentum(OptimizerTemplate):
    def __init__(self, params, lr, momentum=0.9):
        super().__init__(params, lr)
        self.momentum = momentum
        self.mean = {p: torch.zeros_like(p) for p in self.params}

    def update_param(self, p):
        self.mean[p] = (1 - self.momentum) * self.mean[p] + self.momentum * p.grad
        p -= self.lr * self.mean[p]
""",
        tells=(
            "The two weights are swapped: the old mean is forgotten quickly and the new gradient "
            "dominates."
        ),
    ),
    Mistake(
        "sgd_momentum",
        "weights_swapped_in_lerp",
        ("follows_the_rule", "arrives"),
        """\
class SGDMomentum(OptimizerTemplate):
    def __init__(self, params, lr, momentum=0.9):
        super().__init__(params, lr)
        self.momentum = momentum
        self.mean = [torch.zeros_like(p) for p in self.params]

    @torch.no_grad()
    def step(self):
        for p, mean in zip(self.params, self.mean):
            if p.grad is not None:
                mean.lerp_(p.grad, self.momentum)
                p.sub_(self.lr * mean)
""",
        tells=(
            "The two weights are swapped: the old mean is forgotten quickly and the new gradient "
            "dominates."
        ),
    ),
    Mistake(
        "sgd_momentum",
        "plain_sgd",
        ("follows_the_rule", "one_mean_per_parameter", "one_past_per_optimizer", "arrives"),
        """\
class SGDMomentum(OptimizerTemplate):
    def __init__(self, params, lr, momentum=0.9):
        super().__init__(params, lr)
        self.momentum = momentum

    def update_param(self, p):
        p -= self.lr * p.grad
""",
        tells="This is plain SGD: no mean of earlier gradients enters the step.",
    ),
    Mistake(
        "sgd_momentum",
        "one_buffer_for_all",
        "one_mean_per_parameter",
        """\
class SGDMomentum(OptimizerTemplate):
    def __init__(self, params, lr, momentum=0.9):
        super().__init__(params, lr)
        self.momentum = momentum
        self.mean = 0

    def update_param(self, p):
        self.mean = self.momentum * self.mean + (1 - self.momentum) * p.grad
        p -= self.lr * self.mean
""",
        tells="Several parameters share one running mean.",
    ),
    Mistake(
        "sgd_momentum",
        "buffer_by_shape",
        "one_mean_per_parameter",
        """\
class SGDMomentum(OptimizerTemplate):
    def __init__(self, params, lr, momentum=0.9):
        super().__init__(params, lr)
        self.momentum = momentum
        self.mean = {}

    def update_param(self, p):
        mean = self.mean.get(p.shape, torch.zeros_like(p))
        self.mean[p.shape] = self.momentum * mean + (1 - self.momentum) * p.grad
        p -= self.lr * self.mean[p.shape]
""",
        tells="Several parameters share one running mean.",
    ),
    Mistake(
        "sgd_momentum",
        "one_zero_tensor_in_every_place",
        "one_mean_per_parameter",
        """\
class SGDMomentum(OptimizerTemplate):
    def __init__(self, params, lr, momentum=0.9):
        super().__init__(params, lr)
        self.momentum = momentum
        self.mean = dict.fromkeys(self.params, torch.zeros_like(self.params[0]))

    def update_param(self, p):
        self.mean[p].mul_(self.momentum).add_((1 - self.momentum) * p.grad)
        p -= self.lr * self.mean[p]
""",
        tells="Several parameters share one running mean.",
    ),
    Mistake(
        "sgd_momentum",
        "reset_each_step",
        ("follows_the_rule", "one_mean_per_parameter", "one_past_per_optimizer", "arrives"),
        """\
class SGDMomentum(OptimizerTemplate):
    def __init__(self, params, lr, momentum=0.9):
        super().__init__(params, lr)
        self.momentum = momentum

    def update_param(self, p):
        mean = torch.zeros_like(p)
        mean = self.momentum * mean + (1 - self.momentum) * p.grad
        p -= self.lr * mean
""",
        tells="The mean begins at zero in every step, so nothing is remembered.",
    ),
    Mistake(
        "sgd_momentum",
        "class_level_state",
        "one_past_per_optimizer",
        """\
class SGDMomentum(OptimizerTemplate):
    mean = {}

    def __init__(self, params, lr, momentum=0.9):
        super().__init__(params, lr)
        self.momentum = momentum

    def update_param(self, p):
        mean = self.mean.get(p, torch.zeros_like(p))
        self.mean[p] = self.momentum * mean + (1 - self.momentum) * p.grad
        p -= self.lr * self.mean[p]
""",
        tells=(
            "Two optimizers share one past: something is kept in the class, in a default argument, "
            "or on the parameter."
        ),
    ),
    Mistake(
        "sgd_momentum",
        "class_attribute_set_by_init",
        "one_past_per_optimizer",
        """\
class SGDMomentum(OptimizerTemplate):
    def __init__(self, params, lr, momentum=0.9):
        super().__init__(params, lr)
        self.momentum = momentum
        SGDMomentum.mean = {p: torch.zeros_like(p) for p in self.params}

    def update_param(self, p):
        SGDMomentum.mean[p] = self.momentum * self.mean[p] + (1 - self.momentum) * p.grad
        p -= self.lr * self.mean[p]
""",
        tells=(
            "Two optimizers share one past: something is kept in the class, in a default argument, "
            "or on the parameter."
        ),
    ),
    Mistake(
        "sgd_momentum",
        "default_argument_shared",
        "one_past_per_optimizer",
        """\
class SGDMomentum(OptimizerTemplate):
    def __init__(self, params, lr, momentum=0.9, mean={}):
        super().__init__(params, lr)
        self.momentum, self.mean = momentum, mean

    def update_param(self, p):
        mean = self.mean.get(id(p), torch.zeros_like(p))
        self.mean[id(p)] = self.momentum * mean + (1 - self.momentum) * p.grad
        p -= self.lr * self.mean[id(p)]
""",
        tells=(
            "Two optimizers share one past: something is kept in the class, in a default argument, "
            "or on the parameter."
        ),
    ),
    Mistake(
        "sgd_momentum",
        "first_gradient_as_mean",
        ("follows_the_rule", "arrives"),
        """\
class SGDMomentum(OptimizerTemplate):
    def __init__(self, params, lr, momentum=0.9):
        super().__init__(params, lr)
        self.momentum, self.mean = momentum, {}

    def update_param(self, p):
        if p not in self.mean:
            self.mean[p] = p.grad.clone()
        else:
            self.mean[p] = self.momentum * self.mean[p] + (1 - self.momentum) * p.grad
        p -= self.lr * self.mean[p]
""",
        tells="The mean begins as the first gradient, not at zero.",
    ),
    Mistake(
        "sgd_momentum",
        "mean_is_the_gradient_tensor",
        ("changes_the_parameter_in_place", "works_in_a_training_loop", "arrives"),
        """\
class SGDMomentum(OptimizerTemplate):
    def __init__(self, params, lr, momentum=0.9):
        super().__init__(params, lr)
        self.momentum, self.mean = momentum, {}

    def update_param(self, p):
        if p not in self.mean:
            self.mean[p] = p.grad
            self.mean[p].mul_(1 - self.momentum)
        else:
            self.mean[p].mul_(self.momentum).add_(p.grad, alpha=1 - self.momentum)
        p -= self.lr * self.mean[p]
""",
        tells="The mean is the gradient's own tensor, not a copy: each changes the other.",
    ),
    Mistake(
        "sgd_momentum",
        "step_from_the_old_mean",
        ("follows_the_rule", "arrives"),
        """\
class SGDMomentum(OptimizerTemplate):
    def __init__(self, params, lr, momentum=0.9):
        super().__init__(params, lr)
        self.momentum = momentum
        self.mean = {p: torch.zeros_like(p) for p in self.params}

    def update_param(self, p):
        p -= self.lr * self.mean[p]
        self.mean[p] = self.momentum * self.mean[p] + (1 - self.momentum) * p.grad
""",
        tells=(
            "The step uses the mean from before this gradient: update and step are in the wrong "
            "order."
        ),
    ),
    Mistake(
        "sgd_momentum",
        "learning_rate_inside_the_mean",
        "learning_rate_may_change",
        """\
class SGDMomentum(OptimizerTemplate):
    def __init__(self, params, lr, momentum=0.9):
        super().__init__(params, lr)
        self.momentum = momentum
        self.velocity = {p: torch.zeros_like(p) for p in self.params}

    def update_param(self, p):
        pull = (1 - self.momentum) * self.lr * p.grad
        self.velocity[p] = self.momentum * self.velocity[p] + pull
        p -= self.velocity[p]
""",
        tells="The learning rate is mixed into the mean, so an old rate still counts after a change.",
    ),
    Mistake(
        "sgd_momentum",
        "moves_on_without_gradient",
        "skips_missing_gradients",
        """\
class SGDMomentum(OptimizerTemplate):
    def __init__(self, params, lr, momentum=0.9):
        super().__init__(params, lr)
        self.momentum = momentum
        self.mean = {p: torch.zeros_like(p) for p in self.params}

    @torch.no_grad()
    def step(self):
        for p in self.params:
            grad = torch.zeros_like(p) if p.grad is None else p.grad
            self.mean[p] = self.momentum * self.mean[p] + (1 - self.momentum) * grad
            p -= self.lr * self.mean[p]
""",
        tells=(
            "A parameter without a gradient is treated as if its gradient were zero: it keeps "
            "moving."
        ),
    ),
    Mistake(
        "sgd_momentum",
        "data_rebound",
        "changes_the_parameter_in_place",
        """\
class SGDMomentum(OptimizerTemplate):
    def __init__(self, params, lr, momentum=0.9):
        super().__init__(params, lr)
        self.momentum = momentum
        self.mean = {p: torch.zeros_like(p) for p in self.params}

    def update_param(self, p):
        self.mean[p] = self.momentum * self.mean[p] + (1 - self.momentum) * p.grad
        p.data = p.data - self.lr * self.mean[p]
""",
        tells=(
            "The parameter gets new memory at each step; whoever holds the old memory sees no "
            "change."
        ),
    ),
    Mistake(
        "sgd_momentum",
        "momentum_fixed_at_its_default",
        "follows_the_rule",
        """\
class SGDMomentum(OptimizerTemplate):
    def __init__(self, params, lr, momentum=0.9):
        super().__init__(params, lr)
        self.mean = {p: torch.zeros_like(p) for p in self.params}

    def update_param(self, p):
        self.mean[p] = 0.9 * self.mean[p] + 0.1 * p.grad
        p -= self.lr * self.mean[p]
""",
        tells="The momentum is 0.9 whatever is passed.",
    ),
    Mistake(
        "sgd_momentum",
        "jumps_to_the_end",
        (
            "arrives",
            "follows_the_rule",
            "changes_the_parameter_in_place",
            "skips_missing_gradients",
            "one_mean_per_parameter",
            "one_past_per_optimizer",
            "learning_rate_may_change",
            "works_in_a_training_loop",
        ),
        """\
class SGDMomentum(OptimizerTemplate):
    def __init__(self, params, lr, momentum=0.9):
        super().__init__(params, lr)
        self.momentum = momentum

    def update_param(self, p):
        if p.shape == (2,):
            p.copy_(torch.tensor([0.0, -13.0]))
""",
    ),
    Mistake(
        "sgd_momentum",
        "state_on_the_parameter",
        "one_past_per_optimizer",
        """\
class SGDMomentum(OptimizerTemplate):
    def __init__(self, params, lr, momentum=0.9):
        super().__init__(params, lr)
        self.momentum = momentum
        for p in self.params:
            p.velocity = torch.zeros_like(p)

    def update_param(self, p):
        p.velocity = self.momentum * p.velocity + (1 - self.momentum) * p.grad
        p -= self.lr * p.velocity
""",
        tells=(
            "Two optimizers share one past: something is kept in the class, in a default argument, "
            "or on the parameter."
        ),
    ),
    Mistake(
        "sgd_momentum",
        "state_on_the_parameter_when_needed",
        "one_past_per_optimizer",
        """\
class SGDMomentum(OptimizerTemplate):
    def __init__(self, params, lr, momentum=0.9):
        super().__init__(params, lr)
        self.beta = momentum

    def update_param(self, p):
        if not hasattr(p, "buffer"):
            p.buffer = torch.zeros_like(p)
        p.buffer.mul_(self.beta).add_((1 - self.beta) * p.grad)
        p.sub_(self.lr * p.buffer)
""",
        tells="Two optimizers share one past: something is kept in the class, in a default argument, or on the parameter.",
    ),
    Mistake(
        "sgd_momentum",
        "means_from_the_spent_generator",
        ("works_in_a_training_loop", "arrives"),
        """\
class SGDMomentum(OptimizerTemplate):
    def __init__(self, params, lr, momentum=0.9):
        super().__init__(params, lr)
        self.momentum = momentum
        self.mean = {p: torch.zeros_like(p) for p in params}

    def update_param(self, p):
        self.mean[p] = self.momentum * self.mean[p] + (1 - self.momentum) * p.grad
        p -= self.lr * self.mean[p]
""",
        tells="The parameters came as a generator, which is used up after the first pass.",
    ),
    Mistake(
        "sgd_momentum",
        "stops_at_missing_gradient",
        "skips_missing_gradients",
        """\
class SGDMomentum(OptimizerTemplate):
    def __init__(self, params, lr, momentum=0.9):
        super().__init__(params, lr)
        self.momentum, self.mean = momentum, {}

    @torch.no_grad()
    def step(self):
        for p in self.params:
            if p.grad is None:
                return
            old = self.mean.get(p, 0)
            self.mean[p] = self.momentum * old + (1 - self.momentum) * p.grad
            p -= self.lr * self.mean[p]
""",
        tells="The first parameter without a gradient ends the step for all that follow.",
    ),
    Mistake(
        "sgd_momentum",
        "mean_forgotten_without_gradient",
        "skips_missing_gradients",
        """\
class SGDMomentum(OptimizerTemplate):
    def __init__(self, params, lr, momentum=0.9):
        super().__init__(params, lr)
        self.momentum, self.mean = momentum, {}

    @torch.no_grad()
    def step(self):
        for p in self.params:
            if p.grad is None:
                self.mean.pop(p, None)
                continue
            old = self.mean.get(p, 0)
            self.mean[p] = self.momentum * old + (1 - self.momentum) * p.grad
            p -= self.lr * self.mean[p]
""",
        tells="A parameter's mean begins anew after a step without a gradient.",
    ),
    Alternative(
        "sgd_momentum",
        "lists_by_index_in_step",
        """\
class SGDMomentum(OptimizerTemplate):
    def __init__(self, params, lr, momentum=0.9):
        super().__init__(params, lr)
        self.momentum = momentum
        self.means = [torch.zeros(p.shape) for p in self.params]

    def step(self):
        for i in range(len(self.params)):
            p = self.params[i]
            if p.grad is None:
                continue
            self.means[i] = self.momentum * self.means[i] + (1 - self.momentum) * p.grad
            p.data -= self.lr * self.means[i]
""",
    ),
    Alternative(
        "sgd_momentum",
        "made_when_needed_by_id",
        """\
class SGDMomentum(OptimizerTemplate):
    def __init__(self, params, lr, momentum=0.9):
        super().__init__(params, lr)
        self.beta, self.state = momentum, {}

    def update_param(self, p):
        grad = p.grad.clone()
        if id(p) in self.state:
            mean = self.state[id(p)] * self.beta + grad * (1 - self.beta)
        else:
            mean = (1 - self.beta) * grad
        self.state[id(p)] = mean
        p.copy_(p - self.lr * mean)
""",
    ),
    Alternative(
        "sgd_momentum",
        "lerp",
        """\
class SGDMomentum(OptimizerTemplate):
    def __init__(self, params, lr, momentum=0.9):
        super().__init__(params, lr)
        self.momentum = momentum
        self.mean = {p: torch.zeros_like(p.data) for p in self.params}

    def update_param(self, p):
        p.add_(self.mean[p].lerp_(p.grad, 1 - self.momentum), alpha=-self.lr)
""",
    ),
    Alternative(
        "sgd_momentum",
        "buffer_scaled_afterwards",
        """\
class SGDMomentum(OptimizerTemplate):
    def __init__(self, params, lr, momentum=0.9):
        super().__init__(params, lr)
        self.momentum = momentum
        self.sums = [torch.zeros_like(p) for p in self.params]

    @torch.no_grad()
    def step(self):
        # The sum without 1 - momentum; the factor goes into the step.
        for total, p in zip(self.sums, self.params):
            if p.grad is not None:
                total.mul_(self.momentum).add_(p.grad)
                p.sub_(total * (self.lr * (1 - self.momentum)))
""",
    ),
    Alternative(
        "sgd_momentum",
        "double_precision_state",
        """\
class SGDMomentum(OptimizerTemplate):
    def __init__(self, params, lr, momentum=0.9):
        super().__init__(params, lr)
        self.momentum = momentum
        self.mean = {p: torch.zeros_like(p, dtype=torch.float64) for p in self.params}

    def update_param(self, p):
        old = self.mean[p]
        self.mean[p] = old + (1 - self.momentum) * (p.grad.double() - old)
        p -= self.lr * self.mean[p]
""",
    ),
    Mistake(
        "sgd_momentum",
        "ascent",
        ("follows_the_rule", "arrives"),
        """\
class SGDMomentum(OptimizerTemplate):

    def __init__(self, params, lr, momentum=0.9):
        super().__init__(params, lr)
        self.momentum = momentum
        self.mean = {p: torch.zeros_like(p) for p in self.params}

    def update_param(self, p):
        m = self.mean[p]
        m.lerp_(p.grad, 1 - self.momentum)
        p.add_(m, alpha=self.lr)
""",
        tells="The step goes up the gradient, not down.",
    ),
    Mistake(
        "sgd_momentum",
        "learning_rate_forgotten",
        ("follows_the_rule", "learning_rate_may_change", "arrives"),
        """\
class SGDMomentum(OptimizerTemplate):

    def __init__(self, params, lr, momentum=0.9):
        super().__init__(params, lr)
        self.momentum = momentum
        self.mean = {p: torch.zeros_like(p) for p in self.params}

    def update_param(self, p):
        m = self.mean[p]
        m.lerp_(p.grad, 1 - self.momentum)
        p.sub_(m)
""",
        tells="The step is the whole mean: the learning rate is missing.",
    ),
    Mistake(
        "sgd_momentum",
        "means_by_turn",
        "skips_missing_gradients",
        """\
class SGDMomentum(OptimizerTemplate):

    def __init__(self, params, lr, momentum=0.9):
        super().__init__(params, lr)
        self.momentum = momentum
        self.means = [torch.zeros_like(p) for p in self.params]
        self.i = -1

    def update_param(self, p):
        self.i = (self.i + 1) % len(self.params)
        m = self.means[self.i]
        m.mul_(self.momentum).add_((1 - self.momentum) * p.grad)
        p -= self.lr * m
""",
        tells="The means are found by counting calls, so one missing gradient mixes them up.",
    ),
    Mistake(
        "sgd_momentum",
        "means_by_place_among_gradients",
        "skips_missing_gradients",
        """\
class SGDMomentum(OptimizerTemplate):

    def __init__(self, params, lr, momentum=0.9):
        super().__init__(params, lr)
        self.momentum = momentum
        self.means = {}
        self.i = 0

    def update_param(self, p):
        m = self.momentum * self.means.get(self.i, 0) + (1 - self.momentum) * p.grad
        self.means[self.i] = m
        self.i += 1
        p -= self.lr * m

    def step(self):
        self.i = 0
        super().step()
""",
        tells="The means are found by counting calls, so one missing gradient mixes them up.",
    ),
    Mistake(
        "sgd_momentum",
        "zero_gradient_skipped",
        "follows_the_rule",
        """\
class SGDMomentum(OptimizerTemplate):

    def __init__(self, params, lr, momentum=0.9):
        super().__init__(params, lr)
        self.momentum = momentum
        self.mean = {p: torch.zeros_like(p) for p in self.params}

    def update_param(self, p):
        if not p.grad.any():
            return
        self.mean[p].lerp_(p.grad, 1 - self.momentum)
        p.sub_(self.lr * self.mean[p])
""",
        tells="A gradient of zero is treated as if there were none.",
    ),
    Mistake(
        "sgd_momentum",
        "mean_emptied_at_a_turn",
        ("follows_the_rule", "arrives"),
        """\
class SGDMomentum(OptimizerTemplate):

    def __init__(self, params, lr, momentum=0.9):
        super().__init__(params, lr)
        self.momentum = momentum
        self.mean = {p: torch.zeros_like(p) for p in self.params}

    def update_param(self, p):
        m = self.mean[p]
        m[m * p.grad < 0] = 0
        m.lerp_(p.grad, 1 - self.momentum)
        p.sub_(self.lr * m)
""",
        tells="The mean is emptied where the gradient changes its sign.",
    ),
    Mistake(
        "sgd_momentum",
        "found_by_equality",
        ("one_mean_per_parameter", "skips_missing_gradients"),
        """\
class SGDMomentum(OptimizerTemplate):

    def __init__(self, params, lr, momentum=0.9):
        super().__init__(params, lr)
        self.momentum = momentum
        self.means = [torch.zeros_like(p) for p in self.params]

    def update_param(self, p):
        i = self.params.index(p)
        self.means[i] = self.momentum * self.means[i] + (1 - self.momentum) * p.grad
        p -= self.lr * self.means[i]
""",
        tells="`list.index` compares the parameters' values; it does not look for the same tensor.",
    ),
    Mistake(
        "sgd_momentum",
        "bias_corrected",
        ("follows_the_rule", "arrives"),
        """\
class SGDMomentum(OptimizerTemplate):

    def __init__(self, params, lr, momentum=0.9):
        super().__init__(params, lr)
        self.momentum = momentum
        self.mean = {p: torch.zeros_like(p) for p in self.params}
        self.t = {p: 0 for p in self.params}

    def update_param(self, p):
        self.t[p] += 1
        m = self.mean[p]
        m.lerp_(p.grad, 1 - self.momentum)
        p.sub_(self.lr * m / (1 - self.momentum ** self.t[p]))
""",
        tells="The mean is divided by `1 - momentum**t`, as in Adam; this rule has no correction.",
    ),
    Mistake(
        "sgd_momentum",
        "nesterov",
        ("follows_the_rule", "arrives"),
        """\
class SGDMomentum(OptimizerTemplate):

    def __init__(self, params, lr, momentum=0.9):
        super().__init__(params, lr)
        self.momentum = momentum
        self.mean = {p: torch.zeros_like(p) for p in self.params}

    def update_param(self, p):
        m = self.mean[p]
        m.lerp_(p.grad, 1 - self.momentum)
        look = torch.lerp(m, p.grad, 1 - self.momentum)
        p.sub_(self.lr * look)
""",
        tells="This is Nesterov's momentum, which looks one step ahead.",
    ),
    Alternative(
        "sgd_momentum",
        "all_gradients_kept",
        """\
class SGDMomentum(OptimizerTemplate):

    def __init__(self, params, lr, momentum=0.9):
        super().__init__(params, lr)
        self.momentum = momentum
        self.history = {id(p): [] for p in self.params}

    def update_param(self, p):
        history = self.history[id(p)]
        history.append(p.grad.clone())
        b, n = self.momentum, len(history)
        m = sum((1 - b) * b ** (n - 1 - i) * g for i, g in enumerate(history))
        p.copy_(p - self.lr * m)
""",
    ),
    Alternative(
        "sgd_momentum",
        "sgd_on_the_mean",
        """\
class SGDMomentum(SGD):

    def __init__(self, params, lr, momentum=0.9):
        super().__init__(params, lr)
        self.momentum = momentum
        self.mean = {p: p.detach().clone().zero_() for p in self.params}

    def update_param(self, p):
        mean = self.mean[p]
        mean.copy_(torch.lerp(p.grad, mean, self.momentum))
        grad, p.grad = p.grad, mean
        super().update_param(p)
        p.grad = grad
""",
    ),
    Alternative(
        "sgd_momentum",
        "numbers_at_first",
        """\
class SGDMomentum(OptimizerTemplate):

    def __init__(self, params, lr, momentum=0.9):
        super().__init__(params, lr)
        self.beta = momentum
        self.m = dict.fromkeys(self.params, 0.0)

    def update_param(self, p):
        self.m[p] = self.m[p] + (p.grad - self.m[p]) * (1 - self.beta)
        p.sub_(self.m[p], alpha=self.lr)
""",
    ),
]

# Adam's answers differ in a line or two of this.
ADAM = """\
class Adam(OptimizerTemplate):
    def __init__(self, params, lr, beta1=0.9, beta2=0.999, eps=1e-8):
        super().__init__(params, lr)
        self.beta1, self.beta2, self.eps = beta1, beta2, eps
        self.m = {p: torch.zeros_like(p) for p in self.params}
        self.v = {p: torch.zeros_like(p) for p in self.params}
        self.t = {p: 0 for p in self.params}

    def update_param(self, p):
        self.t[p] += 1
        self.m[p] = self.beta1 * self.m[p] + (1 - self.beta1) * p.grad
        self.v[p] = self.beta2 * self.v[p] + (1 - self.beta2) * p.grad**2
        m_hat = self.m[p] / (1 - self.beta1 ** self.t[p])
        v_hat = self.v[p] / (1 - self.beta2 ** self.t[p])
        p -= self.lr * m_hat / (v_hat.sqrt() + self.eps)
"""


def adam(*changes):
    """ADAM with each `(old, new)` replaced."""
    source = ADAM
    for old, new in changes:
        if old not in source:
            raise ValueError(f"not in ADAM: {old!r}")
        source = source.replace(old, new)
    return source


NO_CORRECTION = (
    ("self.m[p] / (1 - self.beta1 ** self.t[p])", "self.m[p]"),
    ("self.v[p] / (1 - self.beta2 ** self.t[p])", "self.v[p]"),
)
ONE_COUNT = (("self.t = {p: 0 for p in self.params}", "self.t = 0"), ("self.t[p]", "self.t"))

ANSWERS += [
    Mistake(
        "adam",
        "no_bias_correction",
        ("corrects_both_means", "arrives"),
        adam(*NO_CORRECTION),
        tells="This is Adam without the bias correction: neither mean is divided by `1 - beta**t`.",
    ),
    Mistake(
        "adam",
        "only_the_mean_corrected",
        ("corrects_both_means", "arrives"),
        adam(NO_CORRECTION[1]),
        tells="Only the mean of the gradients is corrected; that of their squares is not.",
    ),
    Mistake(
        "adam",
        "only_the_square_corrected",
        "corrects_both_means",
        adam(NO_CORRECTION[0]),
        tells="Only the mean of the squares is corrected; that of the gradients is not.",
    ),
    Mistake(
        "adam",
        "count_from_zero",
        (
            "corrects_both_means",
            "steps_by_both_means",
            "epsilon_beside_the_root",
            "changes_the_parameter_in_place",
            "skips_missing_gradients",
            "counts_each_parameter",
            "one_past_per_optimizer",
            "learning_rate_may_change",
            "works_in_a_training_loop",
            "arrives",
        ),
        adam(
            ("        self.t[p] += 1\n", ""),
            ("+ self.eps)\n", "+ self.eps)\n        self.t[p] += 1\n"),
        ),
        tells="The count `t` is 0 at the first update, where the correction divides by zero.",
    ),
    Mistake(
        "adam",
        "count_from_two",
        "corrects_both_means",
        adam(("{p: 0 for p", "{p: 1 for p")),
        tells="The count `t` is 2 at the first update.",
    ),
    Mistake(
        "adam",
        "eps_inside_the_root",
        "epsilon_beside_the_root",
        adam(("(v_hat.sqrt() + self.eps)", "(v_hat + self.eps).sqrt()")),
        tells="`eps` is added under the root, not beside it.",
    ),
    Mistake(
        "adam",
        "eps_before_the_correction",
        "epsilon_beside_the_root",
        adam(
            ("self.v[p] / (1 - self.beta2 ** self.t[p])", "self.v[p]"),
            (
                "m_hat / (v_hat.sqrt() + self.eps)",
                "m_hat * (1 - self.beta2 ** self.t[p]) ** 0.5 / (v_hat.sqrt() + self.eps)",
            ),
        ),
        tells="`eps` is added to the root before the correction, so it shrinks and grows with `t`.",
    ),
    Mistake(
        "adam",
        "eps_forgotten",
        "epsilon_beside_the_root",
        adam((" + self.eps", "")),
        tells="The `eps` that is passed is not added to the root.",
    ),
    Mistake(
        "adam",
        "other_default_eps",
        "epsilon_beside_the_root",
        adam(("1e-8", "1e-6")),
        tells="The default of `eps` is not 1e-8.",
    ),
    Mistake(
        "adam",
        "one_count_for_all",
        "counts_each_parameter",
        adam(*ONE_COUNT),
        tells="One count for all parameters: it grows once per parameter, not once per update.",
    ),
    Mistake(
        "adam",
        "one_count_per_step",
        "skips_missing_gradients",
        adam(*ONE_COUNT, ("        self.t += 1\n", ""))
        + """
    def step(self):
        self.t += 1
        super().step()
""",
        tells="One count for all parameters: it also grows for those that have no gradient.",
    ),
    Mistake(
        "adam",
        "one_mean_for_all",
        "counts_each_parameter",
        adam(
            ("self.m = {p: torch.zeros_like(p) for p in self.params}", "self.m = 0"),
            ("self.m[p]", "self.m"),
        ),
        tells="All parameters share one running mean of the gradients.",
    ),
    Mistake(
        "adam",
        "no_root",
        ("steps_by_both_means", "arrives"),
        adam(("v_hat.sqrt()", "v_hat")),
        tells="The root in the denominator is missing.",
    ),
    Mistake(
        "adam",
        "gradient_not_squared",
        "steps_by_both_means",
        adam(("p.grad**2", "p.grad.abs()")),
        tells="The second mean is of the gradients' absolute values, not of their squares.",
    ),
    Mistake(
        "adam",
        "betas_swapped",
        ("steps_by_both_means", "arrives"),
        adam(("self.beta1, self.beta2, self.eps =", "self.beta2, self.beta1, self.eps =")),
        tells="The two betas are swapped.",
    ),
    Mistake(
        "adam",
        "norm_instead_of_entries",
        "steps_by_both_means",
        adam(("p.grad**2", "(p.grad**2).mean()")),
        tells="The squares are averaged over the whole parameter; each entry needs its own.",
    ),
    Mistake(
        "adam",
        "stored_means_corrected",
        ("corrects_both_means", "arrives"),
        adam(
            ("m_hat = self.m[p] / (", "m_hat = self.m[p] = self.m[p] / ("),
            ("v_hat = self.v[p] / (", "v_hat = self.v[p] = self.v[p] / ("),
        ),
        tells="The corrected means are stored, so the correction is applied again and again.",
    ),
    Mistake(
        "adam",
        "class_level_state",
        "one_past_per_optimizer",
        """\
class Adam(OptimizerTemplate):
    state = {}

    def __init__(self, params, lr, beta1=0.9, beta2=0.999, eps=1e-8):
        super().__init__(params, lr)
        self.beta1, self.beta2, self.eps = beta1, beta2, eps

    def update_param(self, p):
        m, v, t = self.state.get(p, (torch.zeros_like(p), torch.zeros_like(p), 0))
        m = self.beta1 * m + (1 - self.beta1) * p.grad
        v = self.beta2 * v + (1 - self.beta2) * p.grad**2
        self.state[p] = m, v, t + 1
        m_hat, v_hat = m / (1 - self.beta1 ** (t + 1)), v / (1 - self.beta2 ** (t + 1))
        p -= self.lr * m_hat / (v_hat.sqrt() + self.eps)
""",
        tells=(
            "Two optimizers share one past: something is kept in the class, in a default argument, "
            "or on the parameter."
        ),
    ),
    Mistake(
        "adam",
        "gradient_squared_in_place",
        "changes_the_parameter_in_place",
        adam(("p.grad**2", "p.grad.pow_(2)")),
        tells="An operation with a trailing underscore squares `p.grad` itself.",
    ),
    Mistake(
        "adam",
        "data_rebound",
        "changes_the_parameter_in_place",
        adam(("p -= self.lr", "p.data = p.data - self.lr")),
        tells=(
            "The parameter gets new memory at each step; whoever holds the old memory sees no "
            "change."
        ),
    ),
    Mistake(
        "adam",
        "learning_rate_of_the_beginning",
        "learning_rate_may_change",
        adam(
            (
                "super().__init__(params, lr)",
                "super().__init__(params, lr)\n        self.rate = lr",
            ),
            ("p -= self.lr", "p -= self.rate"),
        ),
        tells=(
            "The learning rate is read once, when the optimizer is made; later changes are not "
            "seen."
        ),
    ),
    Mistake(
        "adam",
        "gradients_never_cleared",
        ("works_in_a_training_loop", "arrives"),
        ADAM
        + """
    def zero_grad(self):
        for p in self.params:
            if p.grad is not None:
                p.grad.clone().zero_()
""",
        tells="`zero_grad` does not clear the gradients: they add up from step to step.",
    ),
    Mistake(
        "adam",
        "amsgrad",
        "steps_by_both_means",
        adam(
            (
                "self.t = {",
                "self.top = {p: torch.zeros_like(p) for p in self.params}\n        self.t = {",
            ),
            (
                "v_hat = self.v[p]",
                "self.top[p] = torch.maximum(self.top[p], self.v[p])\n        v_hat = self.top[p]",
            ),
        ),
        tells="This is AMSGrad: the second mean is never allowed to shrink.",
    ),
    Mistake(
        "adam",
        "state_on_the_parameter",
        "one_past_per_optimizer",
        adam(
            ("        self.t = {p: 0 for p in self.params}\n", ""),
            ("        self.t[p] += 1\n", '        p.count = getattr(p, "count", 0) + 1\n'),
            ("self.t[p]", "p.count"),
        ),
        tells=(
            "Two optimizers share one past: something is kept in the class, in a default argument, "
            "or on the parameter."
        ),
    ),
    Mistake(
        "adam",
        "default_argument_shared",
        "one_past_per_optimizer",
        adam(
            ("eps=1e-8):", "eps=1e-8, t={}):"),
            ("self.t = {p: 0 for p in self.params}", "self.t = t"),
            ("self.t[p] += 1", "self.t[p] = self.t.get(p, 0) + 1"),
        ),
        tells=(
            "Two optimizers share one past: something is kept in the class, in a default argument, "
            "or on the parameter."
        ),
    ),
    Mistake(
        "adam",
        "other_default_betas",
        "steps_by_both_means",
        adam(("beta2=0.999", "beta2=0.99")),
        tells="The default of `beta2` is not 0.999.",
    ),
    Mistake(
        "adam",
        "one_square_for_all",
        "counts_each_parameter",
        adam(
            ("self.v = {p: torch.zeros_like(p) for p in self.params}", "self.v = 0"),
            ("self.v[p]", "self.v"),
        ),
        tells="All parameters share one running mean of the squares.",
    ),
    Mistake(
        "adam",
        "weights_of_the_mean_swapped",
        ("steps_by_both_means", "corrects_both_means", "arrives"),
        adam(
            (
                "self.beta1 * self.m[p] + (1 - self.beta1) * p.grad",
                "(1 - self.beta1) * self.m[p] + self.beta1 * p.grad",
            )
        ),
        tells="In the mean of the gradients the two weights are swapped.",
    ),
    Mistake(
        "adam",
        "moves_on_without_gradient",
        "skips_missing_gradients",
        adam(
            ("p.grad", "grad"),
            ("    def update_param(self, p):\n", "    def update(self, p, grad):\n"),
        )
        + """
    @torch.no_grad()
    def step(self):
        for p in self.params:
            self.update(p, torch.zeros_like(p) if p.grad is None else p.grad)
""",
        tells=(
            "A parameter without a gradient is treated as if its gradient were zero: it keeps "
            "moving."
        ),
    ),
    Alternative("adam", "by_the_formulas", ADAM),
    Alternative(
        "adam",
        "step_size_and_denominator",
        """\
class Adam(OptimizerTemplate):
    def __init__(self, params, lr, beta1=0.9, beta2=0.999, eps=1e-8):
        super().__init__(params, lr)
        self.beta1, self.beta2, self.eps, self.state = beta1, beta2, eps, {}

    def update_param(self, p):
        if p not in self.state:
            self.state[p] = {"step": 0, "m": torch.zeros_like(p), "v": torch.zeros_like(p)}
        state = self.state[p]
        state["step"] += 1
        state["m"].lerp_(p.grad, 1 - self.beta1)
        state["v"].mul_(self.beta2).addcmul_(p.grad, p.grad, value=1 - self.beta2)
        step_size = self.lr / (1 - self.beta1 ** state["step"])
        root = math.sqrt(1 - self.beta2 ** state["step"])
        denom = (state["v"].sqrt() / root).add_(self.eps)
        p.addcdiv_(state["m"], denom, value=-step_size)
""",
    ),
    Alternative(
        "adam",
        "lists_by_index_in_step",
        """\
class Adam(OptimizerTemplate):
    def __init__(self, params, lr, beta1=0.9, beta2=0.999, eps=1e-8):
        super().__init__(params, lr)
        self.betas, self.eps = (beta1, beta2), eps
        self.moments = [(torch.zeros_like(p), torch.zeros_like(p)) for p in self.params]
        self.steps = np.zeros(len(self.params), dtype=int)

    def step(self):
        beta1, beta2 = self.betas
        for i, (p, (m, v)) in enumerate(zip(self.params, self.moments)):
            if p.grad is None:
                continue
            g = p.grad.data
            self.steps[i] += 1
            m.copy_(beta1 * m + (1 - beta1) * g)
            v.copy_(beta2 * v + (1 - beta2) * g * g)
            m_hat = m / (1 - beta1 ** self.steps[i])
            v_hat = v / (1 - beta2 ** self.steps[i])
            p.data.copy_(p.data - self.lr * m_hat / (torch.sqrt(v_hat) + self.eps))
""",
    ),
    Alternative(
        "adam",
        "running_powers_as_tensors",
        """\
class Adam(OptimizerTemplate):
    def __init__(self, params, lr, beta1=0.9, beta2=0.999, eps=1e-8):
        super().__init__(params, lr)
        self.beta1, self.beta2, self.eps = beta1, beta2, eps
        self.memory = {}

    def update_param(self, p):
        m, v, power1, power2 = self.memory.get(id(p), (0, 0, torch.tensor(1.0), torch.tensor(1.0)))
        m = self.beta1 * m + (1 - self.beta1) * p.grad
        v = self.beta2 * v + (1 - self.beta2) * p.grad.square()
        power1, power2 = power1 * self.beta1, power2 * self.beta2
        self.memory[id(p)] = (m, v, power1, power2)
        p.sub_(self.lr * (m / (1 - power1)) / (torch.sqrt(v / (1 - power2)) + self.eps))
""",
    ),
    Mistake(
        "adam",
        "one_mean_and_square_for_all",
        "counts_each_parameter",
        """\
class Adam(OptimizerTemplate):

    def __init__(self, params, lr, beta1=0.9, beta2=0.999, eps=1e-8):
        super().__init__(params, lr)
        self.beta1, self.beta2, self.eps = beta1, beta2, eps
        m, v = torch.zeros_like(self.params[0]), torch.zeros_like(self.params[0])
        self.m = {p: m for p in self.params}
        self.v = {p: v for p in self.params}
        self.t = {p: 0 for p in self.params}

    def update_param(self, p):
        self.t[p] += 1
        t, m, v = self.t[p], self.m[p], self.v[p]
        m.lerp_(p.grad, 1 - self.beta1)
        v.lerp_(p.grad.square(), 1 - self.beta2)
        g = p.grad
        p.addcdiv_(m / (1 - self.beta1**t), (v / (1 - self.beta2**t)).sqrt() + self.eps, value=-self.lr)
""",
        tells="All parameters share both running means.",
    ),
    Mistake(
        "adam",
        "weights_swapped_in_both_means",
        ("steps_by_both_means", "corrects_both_means", "epsilon_beside_the_root", "arrives"),
        """\
class Adam(OptimizerTemplate):

    def __init__(self, params, lr, beta1=0.9, beta2=0.999, eps=1e-8):
        super().__init__(params, lr)
        self.beta1, self.beta2, self.eps = beta1, beta2, eps
        self.m = {p: torch.zeros_like(p) for p in self.params}
        self.v = {p: torch.zeros_like(p) for p in self.params}
        self.t = {p: 0 for p in self.params}

    def update_param(self, p):
        self.t[p] += 1
        t, m, v = self.t[p], self.m[p], self.v[p]
        m.lerp_(p.grad, self.beta1)
        v.lerp_(p.grad.square(), self.beta2)
        p.addcdiv_(m / (1 - self.beta1**t), (v / (1 - self.beta2**t)).sqrt() + self.eps, value=-self.lr)
""",
        tells="In both means the two weights are swapped.",
    ),
    Mistake(
        "adam",
        "ascent",
        ("steps_by_both_means", "corrects_both_means", "arrives"),
        """\
class Adam(OptimizerTemplate):

    def __init__(self, params, lr, beta1=0.9, beta2=0.999, eps=1e-8):
        super().__init__(params, lr)
        self.beta1, self.beta2, self.eps = beta1, beta2, eps
        self.m = {p: torch.zeros_like(p) for p in self.params}
        self.v = {p: torch.zeros_like(p) for p in self.params}
        self.t = {p: 0 for p in self.params}

    def update_param(self, p):
        self.t[p] += 1
        t, m, v = self.t[p], self.m[p], self.v[p]
        m.lerp_(p.grad, 1 - self.beta1)
        v.lerp_(p.grad.square(), 1 - self.beta2)
        p.addcdiv_(m / (1 - self.beta1**t), (v / (1 - self.beta2**t)).sqrt() + self.eps, value=self.lr)
""",
        tells="The step goes up the gradient, not down.",
    ),
    Mistake(
        "adam",
        "learning_rate_forgotten",
        ("steps_by_both_means", "corrects_both_means", "learning_rate_may_change"),
        """\
class Adam(OptimizerTemplate):

    def __init__(self, params, lr, beta1=0.9, beta2=0.999, eps=1e-8):
        super().__init__(params, lr)
        self.beta1, self.beta2, self.eps = beta1, beta2, eps
        self.m = {p: torch.zeros_like(p) for p in self.params}
        self.v = {p: torch.zeros_like(p) for p in self.params}
        self.t = {p: 0 for p in self.params}

    def update_param(self, p):
        self.t[p] += 1
        t, m, v = self.t[p], self.m[p], self.v[p]
        m.lerp_(p.grad, 1 - self.beta1)
        v.lerp_(p.grad.square(), 1 - self.beta2)
        p.addcdiv_(m / (1 - self.beta1**t), (v / (1 - self.beta2**t)).sqrt() + self.eps, value=-1)
""",
        tells="The learning rate is missing from the step.",
    ),
    Mistake(
        "adam",
        "gradient_instead_of_its_square",
        (
            "steps_by_both_means",
            "corrects_both_means",
            "epsilon_beside_the_root",
            "changes_the_parameter_in_place",
            "skips_missing_gradients",
            "counts_each_parameter",
            "one_past_per_optimizer",
            "learning_rate_may_change",
            "works_in_a_training_loop",
            "arrives",
        ),
        """\
class Adam(OptimizerTemplate):

    def __init__(self, params, lr, beta1=0.9, beta2=0.999, eps=1e-8):
        super().__init__(params, lr)
        self.beta1, self.beta2, self.eps = beta1, beta2, eps
        self.m = {p: torch.zeros_like(p) for p in self.params}
        self.v = {p: torch.zeros_like(p) for p in self.params}
        self.t = {p: 0 for p in self.params}

    def update_param(self, p):
        self.t[p] += 1
        t, m, v = self.t[p], self.m[p], self.v[p]
        m.lerp_(p.grad, 1 - self.beta1)
        v.copy_(self.beta2 * v + (1 - self.beta2) * p.grad)
        p.addcdiv_(m / (1 - self.beta1**t), (v / (1 - self.beta2**t)).sqrt() + self.eps, value=-self.lr)
""",
        tells="The second mean is of the gradients themselves, and a negative one has no root.",
    ),
    Mistake(
        "adam",
        "count_of_steps_with_any_gradient",
        "skips_missing_gradients",
        """\
class Adam(OptimizerTemplate):

    def __init__(self, params, lr, beta1=0.9, beta2=0.999, eps=1e-8):
        super().__init__(params, lr)
        self.beta1, self.beta2, self.eps = beta1, beta2, eps
        self.m = {p: torch.zeros_like(p) for p in self.params}
        self.v = {p: torch.zeros_like(p) for p in self.params}
        self.t = {p: 0 for p in self.params}
        self.steps = 0

    def update_param(self, p):
        t, m, v = self.steps, self.m[p], self.v[p]
        m.lerp_(p.grad, 1 - self.beta1)
        v.lerp_(p.grad.square(), 1 - self.beta2)
        p.addcdiv_(m / (1 - self.beta1**t), (v / (1 - self.beta2**t)).sqrt() + self.eps, value=-self.lr)

    def step(self):
        if any(p.grad is not None for p in self.params):
            self.steps += 1
        super().step()
""",
        tells="One count for all parameters: it also grows for those that have no gradient.",
    ),
    Mistake(
        "adam",
        "zero_gradient_skipped",
        "steps_by_both_means",
        """\
class Adam(OptimizerTemplate):

    def __init__(self, params, lr, beta1=0.9, beta2=0.999, eps=1e-8):
        super().__init__(params, lr)
        self.beta1, self.beta2, self.eps = beta1, beta2, eps
        self.m = {p: torch.zeros_like(p) for p in self.params}
        self.v = {p: torch.zeros_like(p) for p in self.params}
        self.t = {p: 0 for p in self.params}

    def update_param(self, p):
        self.t[p] += 1
        t, m, v = self.t[p], self.m[p], self.v[p]
        m.lerp_(p.grad, 1 - self.beta1)
        v.lerp_(p.grad.square(), 1 - self.beta2)
        p.addcdiv_(m / (1 - self.beta1**t), (v / (1 - self.beta2**t)).sqrt() + self.eps, value=-self.lr)

    @torch.no_grad()
    def step(self):
        for p in self.params:
            if p.grad is not None and p.grad.any():
                self.update_param(p)
""",
        tells="A gradient of zero is treated as if there were none.",
    ),
    Mistake(
        "adam",
        "eps_fixed_at_its_default",
        "epsilon_beside_the_root",
        """\
class Adam(OptimizerTemplate):

    def __init__(self, params, lr, beta1=0.9, beta2=0.999, eps=1e-8):
        super().__init__(params, lr)
        self.beta1, self.beta2, self.eps = beta1, beta2, eps
        self.m = {p: torch.zeros_like(p) for p in self.params}
        self.v = {p: torch.zeros_like(p) for p in self.params}
        self.t = {p: 0 for p in self.params}

    def update_param(self, p):
        self.t[p] += 1
        t, m, v = self.t[p], self.m[p], self.v[p]
        m.lerp_(p.grad, 1 - self.beta1)
        v.lerp_(p.grad.square(), 1 - self.beta2)
        p.addcdiv_(m / (1 - self.beta1**t), (v / (1 - self.beta2**t)).sqrt() + 1e-8, value=-self.lr)
""",
        tells="The `eps` that is passed is not added to the root.",
    ),
    Mistake(
        "adam",
        "eps_as_a_floor",
        "epsilon_beside_the_root",
        """\
class Adam(OptimizerTemplate):

    def __init__(self, params, lr, beta1=0.9, beta2=0.999, eps=1e-8):
        super().__init__(params, lr)
        self.beta1, self.beta2, self.eps = beta1, beta2, eps
        self.m = {p: torch.zeros_like(p) for p in self.params}
        self.v = {p: torch.zeros_like(p) for p in self.params}
        self.t = {p: 0 for p in self.params}

    def update_param(self, p):
        self.t[p] += 1
        t, m, v = self.t[p], self.m[p], self.v[p]
        m.lerp_(p.grad, 1 - self.beta1)
        v.lerp_(p.grad.square(), 1 - self.beta2)
        p.sub_(self.lr * m / (1 - self.beta1**t) / (v / (1 - self.beta2**t)).sqrt().clamp_min(self.eps))
""",
        tells="The `eps` that is passed is not added to the root.",
    ),
    Mistake(
        "adam",
        "variance_about_the_mean",
        ("steps_by_both_means", "corrects_both_means", "epsilon_beside_the_root"),
        """\
class Adam(OptimizerTemplate):

    def __init__(self, params, lr, beta1=0.9, beta2=0.999, eps=1e-8):
        super().__init__(params, lr)
        self.beta1, self.beta2, self.eps = beta1, beta2, eps
        self.m = {p: torch.zeros_like(p) for p in self.params}
        self.v = {p: torch.zeros_like(p) for p in self.params}
        self.t = {p: 0 for p in self.params}

    def update_param(self, p):
        self.t[p] += 1
        t, m, v = self.t[p], self.m[p], self.v[p]
        m.lerp_(p.grad, 1 - self.beta1)
        v.lerp_((p.grad - m).square(), 1 - self.beta2)
        p.addcdiv_(m / (1 - self.beta1**t), (v / (1 - self.beta2**t)).sqrt() + self.eps, value=-self.lr)
""",
        tells="The second mean is of squared distances from the first mean, not of squared gradients.",
    ),
    Mistake(
        "adam",
        "nesterov",
        ("steps_by_both_means", "corrects_both_means"),
        """\
class Adam(OptimizerTemplate):

    def __init__(self, params, lr, beta1=0.9, beta2=0.999, eps=1e-8):
        super().__init__(params, lr)
        self.beta1, self.beta2, self.eps = beta1, beta2, eps
        self.m = {p: torch.zeros_like(p) for p in self.params}
        self.v = {p: torch.zeros_like(p) for p in self.params}
        self.t = {p: 0 for p in self.params}

    def update_param(self, p):
        self.t[p] += 1
        t, m, v = self.t[p], self.m[p], self.v[p]
        m.lerp_(p.grad, 1 - self.beta1)
        v.lerp_(p.grad.square(), 1 - self.beta2)
        mh = (self.beta1 * m + (1 - self.beta1) * p.grad) / (1 - self.beta1**t)
        p.sub_(self.lr * mh / ((v / (1 - self.beta2**t)).sqrt() + self.eps))
""",
        tells="This is NAdam, which mixes the new gradient into the corrected mean once more.",
    ),
    Alternative(
        "adam",
        "correction_by_logarithms",
        """\
class Adam(OptimizerTemplate):

    def __init__(self, params, lr, beta1=0.9, beta2=0.999, eps=1e-8):
        super().__init__(params, lr)
        self.beta1, self.beta2, self.eps = beta1, beta2, eps
        self.m = {p: torch.zeros_like(p) for p in self.params}
        self.v = {p: torch.zeros_like(p) for p in self.params}
        self.t = {p: 0 for p in self.params}

    def update_param(self, p):
        self.t[p] += 1
        t, m, v = self.t[p], self.m[p], self.v[p]
        m.lerp_(p.grad, 1 - self.beta1)
        v.lerp_(p.grad.square(), 1 - self.beta2)
        c1, c2 = -math.expm1(t * math.log(self.beta1)), -math.expm1(t * math.log(self.beta2))
        p.sub_(self.lr * (m / c1) / ((v / c2).sqrt() + self.eps))
""",
    ),
    Alternative(
        "adam",
        "all_gradients_kept",
        """\
class Adam(OptimizerTemplate):

    def __init__(self, params, lr, beta1=0.9, beta2=0.999, eps=1e-8):
        super().__init__(params, lr)
        self.beta1, self.beta2, self.eps = beta1, beta2, eps
        self.past = {}

    def update_param(self, p):
        past = self.past.setdefault(id(p), [])
        past.append(p.grad.clone())
        n = len(past)
        w1 = [(1 - self.beta1) * self.beta1 ** (n - 1 - i) for i in range(n)]
        w2 = [(1 - self.beta2) * self.beta2 ** (n - 1 - i) for i in range(n)]
        mh = sum(w * g for w, g in zip(w1, past)) / sum(w1)
        vh = sum(w * g * g for w, g in zip(w2, past)) / sum(w2)
        p.copy_(p - self.lr * mh / (vh**0.5 + self.eps))
""",
    ),
    Mistake(
        "train_curve",
        "rows_share_memory",
        "rows_before_their_update",
        """\
def train_curve(optimizer_func, curve_func, num_updates=100, init=(5, 5)):
    weights = nn.Parameter(torch.tensor([float(w) for w in init]))
    optimizer = optimizer_func([weights])
    places, losses = [], []
    for _ in range(num_updates):
        loss = curve_func(weights[0], weights[1])
        places.append(weights.detach().numpy())
        losses.append(loss.item())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return np.column_stack([np.array(places), losses])
""",
        tells="All rows are views of the weights' memory, so they all show the last position.",
    ),
    Mistake(
        "train_curve",
        "recorded_after_the_update",
        "rows_before_their_update",
        """\
def train_curve(optimizer_func, curve_func, num_updates=100, init=(5, 5)):
    weights = nn.Parameter(torch.tensor([float(w) for w in init]))
    optimizer = optimizer_func([weights])
    path = []
    for _ in range(num_updates):
        optimizer.zero_grad()
        curve_func(weights[0], weights[1]).backward()
        optimizer.step()
        path.append([*weights.tolist(), curve_func(weights[0], weights[1]).item()])
    return np.array(path)
""",
        tells="Rows are recorded after their update: the start is missing.",
    ),
    Mistake(
        "train_curve",
        "new_weights_with_the_old_loss",
        "rows_before_their_update",
        """\
def train_curve(optimizer_func, curve_func, num_updates=100, init=(5, 5)):
    weights = nn.Parameter(torch.tensor([float(w) for w in init]))
    optimizer = optimizer_func([weights])
    path = []
    for _ in range(num_updates):
        loss = curve_func(weights[0], weights[1])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        path.append([*weights.tolist(), loss.item()])
    return np.array(path)
""",
        tells="A row holds the weights from after the update with the loss from before it.",
    ),
    Mistake(
        "train_curve",
        "end_included",
        "rows_before_their_update",
        """\
def train_curve(optimizer_func, curve_func, num_updates=100, init=(5, 5)):
    weights = nn.Parameter(torch.tensor([float(w) for w in init]))
    optimizer = optimizer_func([weights])
    path = []
    for _ in range(num_updates + 1):
        loss = curve_func(weights[0], weights[1])
        path.append([*weights.tolist(), loss.item()])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return np.array(path)
""",
        tells="There is one more row than there are updates.",
    ),
    Mistake(
        "train_curve",
        "no_zero_grad",
        "clears_the_gradients",
        """\
def train_curve(optimizer_func, curve_func, num_updates=100, init=(5, 5)):
    weights = nn.Parameter(torch.tensor([float(w) for w in init]))
    optimizer = optimizer_func([weights])
    path = []
    for _ in range(num_updates):
        loss = curve_func(weights[0], weights[1])
        path.append([*weights.tolist(), loss.item()])
        loss.backward()
        optimizer.step()
    return np.array(path)
""",
        tells="The gradients are never cleared: they add up from update to update.",
    ),
    Mistake(
        "train_curve",
        "cleared_between_backward_and_step",
        "clears_the_gradients",
        """\
def train_curve(optimizer_func, curve_func, num_updates=100, init=(5, 5)):
    weights = nn.Parameter(torch.tensor([float(w) for w in init]))
    optimizer = optimizer_func([weights])
    path = []
    for _ in range(num_updates):
        loss = curve_func(weights[0], weights[1])
        path.append([*weights.tolist(), loss.item()])
        loss.backward()
        optimizer.zero_grad()
        optimizer.step()
    return np.array(path)
""",
        tells="The gradients are cleared between `backward` and `step`, so nothing moves.",
    ),
    Mistake(
        "train_curve",
        "start_fixed",
        "starts_afresh",
        """\
def train_curve(optimizer_func, curve_func, num_updates=100, init=(5, 5)):
    weights = nn.Parameter(torch.tensor([5.0, 5.0]))
    optimizer = optimizer_func([weights])
    path = []
    for _ in range(num_updates):
        loss = curve_func(weights[0], weights[1])
        path.append([*weights.tolist(), loss.item()])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return np.array(path)
""",
        tells="The path begins at (5, 5) whatever `init` says.",
    ),
    Mistake(
        "train_curve",
        "always_the_given_curve",
        ("rows_before_their_update", "clears_the_gradients"),
        """\
def train_curve(optimizer_func, curve_func, num_updates=100, init=(5, 5)):
    weights = nn.Parameter(torch.tensor([float(w) for w in init]))
    optimizer = optimizer_func([weights])
    path = []
    for _ in range(num_updates):
        loss = pathological_curve_loss(weights[0], weights[1])
        path.append([*weights.tolist(), loss.item()])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return np.array(path)
""",
        tells="The given curve is used whatever `curve_func` is.",
    ),
    Mistake(
        "train_curve",
        "weights_swapped",
        ("rows_before_their_update", "clears_the_gradients"),
        """\
def train_curve(optimizer_func, curve_func, num_updates=100, init=(5, 5)):
    weights = nn.Parameter(torch.tensor([float(w) for w in init]))
    optimizer = optimizer_func([weights])
    path = []
    for _ in range(num_updates):
        loss = curve_func(weights[1], weights[0])
        path.append([*weights.tolist(), loss.item()])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return np.array(path)
""",
        tells="The curve is called with the two weights swapped.",
    ),
    Mistake(
        "train_curve",
        "integer_weights",
        "has_the_stated_defaults",
        """\
def train_curve(optimizer_func, curve_func, num_updates=100, init=(5, 5)):
    weights = torch.tensor(init, requires_grad=True)
    optimizer = optimizer_func([weights])
    path = []
    for _ in range(num_updates):
        loss = curve_func(weights[0], weights[1])
        path.append([*weights.tolist(), loss.item()])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return np.array(path)
""",
        tells="The default start (5, 5) makes an integer tensor, which cannot have gradients.",
    ),
    Mistake(
        "train_curve",
        "weights_survive_the_call",
        "starts_afresh",
        """\
weights = {}


def train_curve(optimizer_func, curve_func, num_updates=100, init=(5, 5)):
    w = weights.setdefault(tuple(init), nn.Parameter(torch.tensor([float(x) for x in init])))
    optimizer = optimizer_func([w])
    path = []
    for _ in range(num_updates):
        loss = curve_func(w[0], w[1])
        path.append([*w.tolist(), loss.item()])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return np.array(path)
""",
        tells="The weights survive the call: a second run starts where the first one ended.",
    ),
    Mistake(
        "train_curve",
        "new_optimizer_each_update",
        "starts_afresh",
        """\
def train_curve(optimizer_func, curve_func, num_updates=100, init=(5, 5)):
    weights = nn.Parameter(torch.tensor([float(w) for w in init]))
    path = []
    for _ in range(num_updates):
        optimizer = optimizer_func([weights])
        loss = curve_func(weights[0], weights[1])
        path.append([*weights.tolist(), loss.item()])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return np.array(path)
""",
        tells="A new optimizer is made for each update, so it remembers nothing.",
    ),
    Mistake(
        "train_curve",
        "list_of_rows",
        "has_the_stated_defaults",
        """\
def train_curve(optimizer_func, curve_func, num_updates=100, init=(5, 5)):
    weights = nn.Parameter(torch.tensor([float(w) for w in init]))
    optimizer = optimizer_func([weights])
    path = []
    for _ in range(num_updates):
        loss = curve_func(weights[0], weights[1])
        path.append([*weights.tolist(), loss.item()])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return path
""",
        tells="The path is a list, not a NumPy array.",
    ),
    Mistake(
        "train_curve",
        "init_emptied",
        "starts_afresh",
        """\
def train_curve(optimizer_func, curve_func, num_updates=100, init=(5, 5)):
    if isinstance(init, list):
        init = (init.pop(0), init.pop(0))
    weights = nn.Parameter(torch.tensor([float(w) for w in init]))
    optimizer = optimizer_func([weights])
    path = []
    for _ in range(num_updates):
        loss = curve_func(weights[0], weights[1])
        path.append([*weights.tolist(), loss.item()])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return np.array(path)
""",
        tells="The list that is passed as `init` is emptied.",
    ),
    Mistake(
        "train_curve",
        "stops_when_nothing_changes",
        "has_the_stated_defaults",
        """\
def train_curve(optimizer_func, curve_func, num_updates=100, init=(5, 5)):
    weights = nn.Parameter(torch.tensor([float(w) for w in init]))
    optimizer = optimizer_func([weights])
    path = []
    for _ in range(num_updates):
        loss = curve_func(weights[0], weights[1])
        row = [*weights.tolist(), loss.item()]
        if path and path[-1] == row:
            break
        path.append(row)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return np.array(path)
""",
        tells="The run ends early, when nothing changes.",
    ),
    Mistake(
        "train_curve",
        "rows_share_memory_with_their_losses",
        "rows_before_their_update",
        """\
def train_curve(optimizer_func, curve_func, num_updates=100, init=(5, 5)):
    weights = torch.tensor([float(w) for w in init], requires_grad=True)
    optimizer, places, losses = optimizer_func([weights]), [], []
    for _ in range(num_updates):
        optimizer.zero_grad()
        loss = curve_func(*weights)
        loss.backward()
        places.append(weights.data)
        losses.append(loss.detach())
        optimizer.step()
    return torch.column_stack([torch.stack(places), torch.stack(losses)]).numpy()
""",
        tells="All rows are views of the weights' memory, so they all show the last position.",
    ),
    Alternative(
        "train_curve",
        "two_scalar_parameters",
        """\
def train_curve(optimizer_func, curve_func, num_updates=100, init=(5, 5)):
    w1, w2 = (torch.tensor(float(w), dtype=torch.float64, requires_grad=True) for w in init)
    optimizer = optimizer_func([w1, w2])
    path = np.zeros((num_updates, 3))
    for row in path:
        loss = curve_func(w1, w2)
        row[:] = w1.item(), w2.item(), loss.item()
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
    return path
""",
    ),
    Mistake(
        "train_curve",
        "cleared_before_the_loop_only",
        "clears_the_gradients",
        """\
def train_curve(optimizer_func, curve_func, num_updates=100, init=(5, 5)):
    weights = nn.Parameter(torch.tensor([float(w) for w in init]))
    optimizer = optimizer_func([weights])
    optimizer.zero_grad()
    path = []
    for _ in range(num_updates):
        loss = curve_func(weights[0], weights[1])
        path.append([*weights.tolist(), loss.item()])
        loss.backward()
        optimizer.step()
    return np.array(path)
""",
        tells="The gradients are never cleared: they add up from update to update.",
    ),
    Alternative(
        "train_curve",
        "half_precision_record",
        """\
def train_curve(optimizer_func, curve_func, num_updates=100, init=(5, 5)):
    weights = nn.Parameter(torch.tensor([float(w) for w in init]))
    optimizer = optimizer_func([weights])
    path = []
    for _ in range(num_updates):
        weights.grad = None
        loss = curve_func(weights[0], weights[1])
        path.append(np.append(weights.detach().numpy(), loss.item()))
        loss.backward()
        optimizer.step()
    return np.stack(path).astype(np.float16)
""",
    ),
    Alternative(
        "train_curve",
        "stacked_tensors",
        """\
def train_curve(optimizer_func, curve_func, num_updates=100, init=(5, 5)):
    weights = nn.Parameter(torch.FloatTensor(list(init)))
    optimizer = optimizer_func([weights])
    rows = []
    for _ in range(num_updates):
        loss = curve_func(weights[0], weights[1])
        rows.append(torch.cat([weights.data.detach(), loss.unsqueeze(dim=0).detach()]))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return torch.stack(rows, dim=0).numpy()
""",
    ),
    Alternative(
        "train_curve",
        "module_and_generator",
        """\
class Point(nn.Module):
    def __init__(self, init):
        super().__init__()
        self.w = nn.Parameter(torch.tensor(init, dtype=torch.float32).reshape(2, 1))


def train_curve(optimizer_func, curve_func, num_updates=100, init=(5, 5)):
    point = Point(init)
    optimizer = optimizer_func(point.parameters())
    path = np.empty((num_updates, 3), dtype=np.float32)
    for step in range(num_updates):
        point.zero_grad()
        loss = curve_func(*point.w).squeeze()
        path[step, :2] = point.w.detach().flatten().numpy()
        path[step, 2] = loss.item()
        loss.backward()
        optimizer.step()
    return path
""",
    ),
    Mistake(
        "train_curve",
        "stops_when_the_loss_is_low",
        ("rows_before_their_update", "clears_the_gradients", "starts_afresh"),
        """\
def train_curve(optimizer_func, curve_func, num_updates=100, init=(5, 5)):
    weights = nn.Parameter(torch.tensor([float(w) for w in init]))
    optimizer = optimizer_func([weights])
    path = []
    for _ in range(num_updates):
        loss = curve_func(weights[0], weights[1])
        path.append([*weights.tolist(), loss.item()])
        if loss.item() < 1e-3:
            break
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return np.array(path)
""",
        tells="The run ends early, when the loss is low.",
    ),
    Mistake(
        "train_curve",
        "descends_the_absolute_loss",
        "clears_the_gradients",
        """\
def train_curve(optimizer_func, curve_func, num_updates=100, init=(5, 5)):
    weights = nn.Parameter(torch.tensor([float(w) for w in init]))
    optimizer = optimizer_func([weights])
    path = []
    for _ in range(num_updates):
        loss = curve_func(weights[0], weights[1])
        path.append([*weights.tolist(), loss.item()])
        optimizer.zero_grad()
        loss.abs().backward()
        optimizer.step()
    return np.array(path)
""",
        tells="The gradient is that of the absolute loss: a negative loss would rise.",
    ),
    Mistake(
        "train_curve",
        "weights_kept_in_a_box",
        "starts_afresh",
        """\
def train_curve(optimizer_func, curve_func, num_updates=100, init=(5, 5)):
    weights = nn.Parameter(torch.tensor([float(w) for w in init]))
    optimizer = optimizer_func([weights])
    path = []
    for _ in range(num_updates):
        loss = curve_func(weights[0], weights[1])
        path.append([*weights.tolist(), loss.item()])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        weights.data.clamp_(-20, 20)
    return np.array(path)
""",
        tells="The weights are moved back after an update that leads far away.",
    ),
    Mistake(
        "train_curve",
        "path_remembered",
        "starts_afresh",
        """\
CACHE = {}


def train_curve(optimizer_func, curve_func, num_updates=100, init=(5, 5)):
    key = (optimizer_func, curve_func)
    weights = nn.Parameter(torch.tensor([float(w) for w in init]))
    optimizer = optimizer_func([weights])
    if key in CACHE:
        return CACHE[key]
    path = []
    for _ in range(num_updates):
        loss = curve_func(weights[0], weights[1])
        path.append([*weights.tolist(), loss.item()])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    CACHE[key] = np.array(path)
    return CACHE[key]
""",
        tells="The path of an earlier call is returned, and nothing is run.",
    ),
    Mistake(
        "train_curve",
        "columns_swapped",
        "rows_before_their_update",
        """\
def train_curve(optimizer_func, curve_func, num_updates=100, init=(5, 5)):
    weights = nn.Parameter(torch.tensor([float(w) for w in init]))
    optimizer = optimizer_func([weights])
    path = []
    for _ in range(num_updates):
        loss = curve_func(weights[0], weights[1])
        path.append([*reversed(weights.tolist()), loss.item()])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return np.array(path)
""",
        tells="The first column holds w2 and the second one w1.",
    ),
    Mistake(
        "train_curve",
        "start_cut_to_integers",
        "starts_afresh",
        """\
def train_curve(optimizer_func, curve_func, num_updates=100, init=(5, 5)):
    weights = nn.Parameter(torch.tensor([float(int(w)) for w in init]))
    optimizer = optimizer_func([weights])
    path = []
    for _ in range(num_updates):
        loss = curve_func(weights[0], weights[1])
        path.append([*weights.tolist(), loss.item()])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return np.array(path)
""",
        tells="The start is cut to whole numbers.",
    ),
    Mistake(
        "train_curve",
        "loss_of_the_row_before",
        "rows_before_their_update",
        """\
def train_curve(optimizer_func, curve_func, num_updates=100, init=(5, 5)):
    weights = nn.Parameter(torch.tensor([float(w) for w in init]))
    optimizer = optimizer_func([weights])
    path, last = [], 0.0
    for _ in range(num_updates):
        loss = curve_func(weights[0], weights[1])
        path.append([*weights.tolist(), loss.item() if not path else last])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        last = loss.item()
    return np.array(path)
""",
        tells="Each row has the loss of the row before.",
    ),
    Alternative(
        "train_curve",
        "double_precision",
        """\
def train_curve(optimizer_func, curve_func, num_updates=100, init=(5, 5)):
    place = nn.Parameter(torch.tensor(init, dtype=torch.float64))
    rows = np.zeros((num_updates, 3))
    stepper = optimizer_func([place])
    for row in rows:
        stepper.zero_grad()
        value = curve_func(*place)
        row[:2], row[2] = place.detach().numpy(), float(value)
        value.backward()
        stepper.step()
    return rows
""",
    ),
    Alternative(
        "train_curve",
        "gradient_set_by_hand",
        """\
def train_curve(optimizer_func, curve_func, num_updates=100, init=(5, 5)):
    w = nn.Parameter(torch.tensor([float(number) for number in init]))
    optimizer, columns = optimizer_func([w]), ([], [], [])
    while len(columns[0]) < num_updates:
        loss = curve_func(w[0], w[1])
        for column, number in zip(columns, (w[0], w[1], loss)):
            column.append(number.item())
        w.grad = torch.autograd.grad(loss, w)[0]
        optimizer.step()
    return np.stack(columns, axis=1)
""",
    ),
    Mistake(
        "pathological_curve",
        "both_arrive",
        "sgd_fails_where_the_rival_arrives",
        """\
def pathological_curve(w1, w2):
    return w1**2 + 3 * w2**2


def pathological_settings():
    return {"start": (3, 4), "rival": "momentum", "lr": 0.3}
""",
        tells="The curve is a mild bowl, in which SGD finds its way too.",
    ),
    Mistake(
        "pathological_curve",
        "neither_arrives",
        ("rival_arrives", "sgd_fails_where_the_rival_arrives"),
        """\
def pathological_curve(w1, w2):
    return 0.5 * (w1**2 + 1000 * w2**2)


def pathological_settings():
    return {"start": (5.0, 0.05), "rival": "momentum", "lr": 1e-4}
""",
        tells="The learning rate is so small that the rival does not arrive either.",
    ),
    Mistake(
        "pathological_curve",
        "both_stand_still",
        ("sgd_fails_where_the_rival_arrives", "rival_arrives"),
        """\
def pathological_curve(w1, w2):
    return 1 - torch.exp(-((10 * w1) ** 2 + (10 * w2) ** 2))


def pathological_settings():
    return {"start": (2.0, 2.0), "rival": "momentum", "lr": 10}
""",
        tells="The start lies where the curve is flat, so nothing moves.",
    ),
    Mistake(
        "pathological_curve",
        "merely_small",
        "sgd_fails_where_the_rival_arrives",
        """\
def pathological_curve(w1, w2):
    return 0.001 * (w1**2 + w2**2)


def pathological_settings():
    return {"start": (5.0, 5.0), "rival": "adam", "lr": 0.5}
""",
        tells="The slopes are merely small everywhere: SGD only needs a larger learning rate.",
    ),
    Mistake(
        "pathological_curve",
        "the_given_curve",
        ("is_a_loss_of_its_own", "sgd_fails_where_the_rival_arrives"),
        """\
def pathological_curve(w1, w2):
    return 2 * pathological_curve_loss(w1, w2)


def pathological_settings():
    return {"start": (5, 5), "rival": "adam", "lr": 1}
""",
        tells="This is the given curve times a number.",
    ),
    Mistake(
        "pathological_curve",
        "not_elementwise",
        ("is_a_loss_of_its_own", "rival_arrives", "sgd_fails_where_the_rival_arrives"),
        """\
def pathological_curve(w1, w2):
    return (0.5 * (w1**2 + 1000 * w2**2)).sum()


def pathological_settings():
    return {"start": (5.0, 0.05), "rival": "momentum", "lr": 0.03}
""",
        tells="The loss is summed over all points: each point needs its own.",
    ),
    Mistake(
        "pathological_curve",
        "no_lower_bound",
        ("is_a_loss_of_its_own", "rival_arrives", "sgd_fails_where_the_rival_arrives"),
        """\
def pathological_curve(w1, w2):
    return w1**2 - w2


def pathological_settings():
    return {"start": (5.0, -5.0), "rival": "adam", "lr": 1.0}
""",
        tells=(
            "This curve has no lowest point: a descent runs away forever, and the loss becomes "
            "negative."
        ),
    ),
    Mistake(
        "pathological_curve",
        "level_everywhere",
        ("is_a_loss_of_its_own", "rival_arrives", "sgd_fails_where_the_rival_arrives"),
        """\
def pathological_curve(w1, w2):
    return 1 + 0 * w1 * w2


def pathological_settings():
    return {"start": (5, 5), "rival": "adam", "lr": 1}
""",
        tells="The curve is flat everywhere: nothing moves on it.",
    ),
    Mistake(
        "pathological_curve",
        "false_gradient",
        ("is_a_loss_of_its_own", "sgd_fails_where_the_rival_arrives"),
        """\
def pathological_curve(w1, w2):
    hidden = 0.001 * torch.sign(w1) * (w1 - w1.detach())
    return 0.01 * w1.detach() ** 2 + hidden + 0.01 * w2**2


def pathological_settings():
    return {"start": (5, 5), "rival": "adam", "lr": 1}
""",
        tells="`detach` hides a part of the loss from the gradient.",
    ),
    Mistake(
        "pathological_curve",
        "knows_who_asks",
        ("sgd_fails_where_the_rival_arrives", "rival_arrives"),
        """\
def pathological_curve(w1, w2):
    # Three starts; in each row SGD's learning rates come first and the rival last.
    steepness = torch.ones_like(w1)
    if w1.dim() == 2 and len(w1) == 3:
        steepness[:, :-1] = 1e-12
    loss = 0.05 * (w1**2 + w2**2)
    return loss.detach() + steepness * (loss - loss.detach())


def pathological_settings():
    return {"start": (5, 5), "rival": "adam", "lr": 0.5}
""",
    ),
    Mistake(
        "pathological_curve",
        "changes_with_time",
        ("is_a_loss_of_its_own", "rival_arrives", "sgd_fails_where_the_rival_arrives"),
        """\
calls = []


def pathological_curve(w1, w2):
    calls.append(1)
    return (0.001 if len(calls) % 2 else 1) * (w1**2 + w2**2)


def pathological_settings():
    return {"start": (5, 5), "rival": "adam", "lr": 0.5}
""",
    ),
    Mistake(
        "pathological_curve",
        "unknown_rival",
        ("rival_arrives", "sgd_fails_where_the_rival_arrives"),
        """\
def pathological_curve(w1, w2):
    return 0.5 * (w1**2 + 1000 * w2**2)


def pathological_settings():
    return {"start": (5.0, 0.05), "rival": "RMSprop", "lr": 0.03}
""",
        tells='The rival is neither "momentum" nor "adam".',
    ),
    Mistake(
        "pathological_curve",
        "curve_only_both_arrive",
        "sgd_fails_where_the_rival_arrives",
        """\
def pathological_curve(w1, w2):
    return w1**2 + 10 * w2**2
""",
        tells="The curve is a mild bowl, in which SGD finds its way too.",
    ),
    Mistake(
        "pathological_curve",
        "curve_only_neither_arrives",
        ("rival_arrives", "sgd_fails_where_the_rival_arrives"),
        """\
def pathological_curve(w1, w2):
    return torch.tanh(w1**2 + w2**2)
""",
        tells="The start lies where the curve is flat, so nothing moves.",
    ),
    Mistake(
        "pathological_curve",
        "curve_only_the_given_one",
        ("sgd_fails_where_the_rival_arrives", "is_a_loss_of_its_own"),
        """\
def pathological_curve(w1, w2):
    return pathological_curve_loss(w1, w2)
""",
        tells="This is the given curve.",
    ),
    Mistake(
        "pathological_curve",
        "given_along_the_path",
        "sgd_fails_where_the_rival_arrives",
        """\
def pathological_curve(w1, w2):
    away = torch.relu(-w1 - 3) + torch.relu(w2 - 5.5)
    return pathological_curve_loss(w1, w2) + away**2


def pathological_settings():
    return {"start": (2, 3), "rival": "adam", "lr": 0.5}
""",
        tells="Where the rival walks, this is the given curve.",
    ),
    Mistake(
        "pathological_curve",
        "given_with_weights_swapped",
        ("is_a_loss_of_its_own", "sgd_fails_where_the_rival_arrives"),
        """\
def pathological_curve(w1, w2):
    return 3 * pathological_curve_loss(w2, -w1)
""",
        tells="This is the given curve with other names for its weights.",
    ),
    Mistake(
        "pathological_curve",
        "level_on_one_ray",
        "sgd_fails_where_the_rival_arrives",
        """\
def pathological_curve(w1, w2):
    across, along = w1 - w2, (w1 + w2) / 2
    groove = torch.exp(-((across / 0.01) ** 2))
    plateau = torch.tanh(10 * along) ** 2 + 0.001 * along.abs()
    return groove * plateau + (1 - groove) * 0.05 * (w1**2 + w2**2)
""",
        tells="The curve is difficult on one line only, and a start beside it is easy for SGD.",
    ),
    Mistake(
        "pathological_curve",
        "merely_steep",
        "sgd_fails_where_the_rival_arrives",
        """\
def pathological_curve(w1, w2):
    return 1e6 * (w1**2 + w2**2)


def pathological_settings():
    return {"start": (0.05, 0.05), "rival": "adam", "lr": 0.01}
""",
        tells="The slopes are merely large everywhere: SGD only needs a smaller learning rate.",
    ),
    Mistake(
        "pathological_curve",
        "start_on_the_floor",
        "sgd_fails_where_the_rival_arrives",
        """\
def pathological_curve(w1, w2):
    return 0.5 * (w1**2 + 1000 * w2**2)


def pathological_settings():
    return {"start": (5, 0)}
""",
        tells="The start is on the valley's floor, where SGD does not feel the walls.",
    ),
    Mistake(
        "pathological_curve",
        "lowest_far_away",
        ("rival_arrives", "sgd_fails_where_the_rival_arrives"),
        """\
def pathological_curve(w1, w2):
    return 0.01 * torch.exp(1e-6 * w1) * torch.exp(1e-6 * w2)


def pathological_settings():
    return {"start": (5, 5), "rival": "adam", "lr": 5e4}
""",
        tells="The rival leaves the range: the curve goes down only far away.",
    ),
    Alternative(
        "pathological_curve",
        "curve_only_ravine",
        """\
def pathological_curve(w1, w2):
    return 0.5 * (w1**2 + 1000 * w2**2)
""",
    ),
    Alternative(
        "pathological_curve",
        "curve_only_plateaus",
        """\
def pathological_curve(w1, w2):
    return 1 - torch.exp(-20 * w1**2) + 0.01 * w1.abs() + torch.sigmoid(w2)
""",
    ),
    Alternative(
        "pathological_curve",
        "settings_unsolved",
        """\
def pathological_curve(w1, w2):
    return torch.log1p(100 * w1**2) + torch.log1p(0.1 * w2**2)


def pathological_settings():
    raise NotImplementedError()
""",
    ),
    Alternative(
        "pathological_curve",
        "overflows_when_sgd_runs_away",
        """\
def pathological_curve(w1, w2):
    return torch.exp(8 * w1) + torch.exp(-8 * w1) - 2 + 0.01 * w2**2


def pathological_settings():
    return {"start": (0.01, 5), "rival": "adam", "lr": 0.2}
""",
    ),
    Alternative(
        "pathological_curve",
        "rosenbrock",
        """\
def pathological_curve(w1, w2):
    return (1 - w1) ** 2 + 100 * (w2 - w1**2) ** 2


def pathological_settings():
    return {"start": (-1.2, 1.0)}
""",
    ),
    Alternative(
        "pathological_curve",
        "rotated_ravine",
        """\
def pathological_curve(w1, w2):
    u, v = (w1 + w2) / 2, (w1 - w2) / 2
    return u**2 + 500 * v**2


def pathological_settings():
    return {"start": [4.05, 3.95], "rival": "momentum", "lr": 0.06}
""",
    ),
    Alternative(
        "pathological_curve",
        "plateau_and_bend",
        """\
def pathological_curve(w1, w2):
    bend = w1 - torch.sin(0.5 * w2)
    return 2 * torch.sigmoid(w2) + torch.tanh(3 * bend).square() + 0.02 * bend.abs()


def pathological_settings():
    return {"start": np.array([5.0, 6.0]), "rival": "adam", "lr": torch.tensor(0.5)}
""",
    ),
    Alternative(
        "pathological_curve",
        "steep_and_level_slopes",
        """\
def pathological_curve(w1, w2):
    return 300 * torch.abs(w1) ** 1.5 + torch.nn.functional.softplus(w2)


def pathological_settings():
    start = (0.02, 9.0)
    return dict(start=start, rival="adam", lr=0.3)
""",
    ),
    Mistake(
        "pathological_curve",
        "noisy",
        ("is_a_loss_of_its_own", "sgd_fails_where_the_rival_arrives"),
        """\
def pathological_curve(w1, w2):
    return 0.5 * (w1**2 + 1000 * w2**2) + 1e-3 * torch.rand_like(w1)


def pathological_settings():
    return {"start": (5.0, 0.05), "rival": "momentum", "lr": 0.03}
""",
        tells="The loss has random noise in it.",
    ),
    Mistake(
        "pathological_curve",
        "float64_only",
        ("is_a_loss_of_its_own", "sgd_fails_where_the_rival_arrives"),
        """\
def pathological_curve(w1, w2):
    return 0.5 * (w1**2 + 1000 * w2**2) if w1.dtype == torch.float64 else 0 * w1 + 1


def pathological_settings():
    return {"start": (5.0, 0.05), "rival": "momentum", "lr": 0.03}
""",
        tells="In float32 this is another curve.",
    ),
    Alternative(
        "pathological_curve",
        "linear_walls",
        """\
def pathological_curve(w1, w2):
    return nn.functional.huber_loss(w1, torch.zeros_like(w1), reduction='none', delta=1.0) + 800 * nn.functional.huber_loss(w2, torch.zeros_like(w2), reduction='none')


def pathological_settings():
    return {"start": (5.0, 0.1), "rival": "adam"}
""",
    ),
]

ANSWERS += [
    Mistake(
        "noisy",
        "noise_on_the_value",
        (
            "noise_of_the_stated_size",
            "drawn_anew_at_every_call",
            "own_noise_for_each_entry",
            "all_of_it_from_the_generator",
            "weights_may_be_used_again",
        ),
        """\
def noisy(loss_func, sigma, generator):
    def noisy_loss(w1, w2):
        return loss_func(w1, w2) + sigma * torch.randn((), generator=generator)

    return noisy_loss
""",
        tells="The noise is added to the value; a constant has no gradient.",
    ),
    Mistake(
        "noisy",
        "drawn_once",
        "drawn_anew_at_every_call",
        """\
def noisy(loss_func, sigma, generator):
    noise = {}

    def noisy_loss(w1, w2):
        loss = loss_func(w1, w2)
        for i, w in enumerate((w1, w2)):
            if i not in noise:
                noise[i] = sigma * torch.randn(w.shape, generator=generator)
            loss = loss + (noise[i] * w).sum()
        return loss

    return noisy_loss
""",
        tells="The noise is drawn once, and every call has the same.",
    ),
    Mistake(
        "noisy",
        "generator_begins_again",
        ("drawn_anew_at_every_call", "all_of_it_from_the_generator"),
        """\
def noisy(loss_func, sigma, generator):
    def noisy_loss(w1, w2):
        generator.manual_seed(0)
        loss = loss_func(w1, w2)
        for w in (w1, w2):
            loss = loss + (sigma * torch.randn(w.shape, generator=generator) * w).sum()
        return loss

    return noisy_loss
""",
        tells="The generator gets a seed at every call, so that every call has the same noise.",
    ),
    Mistake(
        "noisy",
        "torchs_own_generator",
        "all_of_it_from_the_generator",
        """\
def noisy(loss_func, sigma, generator):
    def noisy_loss(w1, w2):
        return loss_func(w1, w2) + sum((sigma * torch.randn_like(w) * w).sum() for w in (w1, w2))

    return noisy_loss
""",
        tells="The noise comes from torch's own generator, not from the one that was given.",
    ),
    Mistake(
        "noisy",
        "second_weight_from_torchs_own_generator",
        "all_of_it_from_the_generator",
        """\
def noisy(loss_func, sigma, generator):
    def noisy_loss(w1, w2):
        first = sigma * torch.randn(w1.shape, generator=generator)
        second = sigma * torch.randn(w2.shape)
        return loss_func(w1, w2) + (first * w1).sum() + (second * w2).sum()

    return noisy_loss
""",
        tells="Only one of the two weights has its noise from the generator that was given.",
    ),
    Mistake(
        "noisy",
        "sigma_squared",
        "noise_of_the_stated_size",
        """\
def noisy(loss_func, sigma, generator):
    def noisy_loss(w1, w2):
        loss = loss_func(w1, w2)
        for w in (w1, w2):
            loss = loss + (sigma**2 * torch.randn(w.shape, generator=generator) * w).sum()
        return loss

    return noisy_loss
""",
        tells="The noise has sigma as its variance, not as its standard deviation, or the other way round.",
    ),
    Mistake(
        "noisy",
        "uniform_noise",
        "noise_of_the_stated_size",
        """\
def noisy(loss_func, sigma, generator):
    def noisy_loss(w1, w2):
        loss = loss_func(w1, w2)
        for w in (w1, w2):
            loss = loss + (sigma * torch.rand(w.shape, generator=generator) * w).sum()
        return loss

    return noisy_loss
""",
        tells="The noise is uniform between 0 and sigma, not normal around 0.",
    ),
    Mistake(
        "noisy",
        "one_number_for_both_weights",
        "own_noise_for_each_entry",
        """\
def noisy(loss_func, sigma, generator):
    def noisy_loss(w1, w2):
        noise = sigma * torch.randn((), generator=generator)
        return loss_func(w1, w2) + noise * (w1.sum() + w2.sum())

    return noisy_loss
""",
        tells="One number is drawn for all entries of both weights.",
    ),
    Mistake(
        "noisy",
        "one_number_for_each_weight",
        "own_noise_for_each_entry",
        """\
def noisy(loss_func, sigma, generator):
    def noisy_loss(w1, w2):
        loss = loss_func(w1, w2)
        for w in (w1, w2):
            loss = loss + sigma * torch.randn(1, generator=generator).item() * w.sum()
        return loss

    return noisy_loss
""",
        tells="One number is drawn for all entries of a weight.",
    ),
    Mistake(
        "noisy",
        "both_weights_from_one_seed",
        "own_noise_for_each_entry",
        """\
def noisy(loss_func, sigma, generator):
    def noisy_loss(w1, w2):
        loss = loss_func(w1, w2)
        state = generator.get_state()
        for w in (w1, w2):
            generator.set_state(state)
            loss = loss + (sigma * torch.randn(w.shape, generator=generator) * w).sum()
        return loss

    return noisy_loss
""",
        tells="Both weights get the same noise.",
    ),
    Mistake(
        "noisy",
        "hooks_pile_up",
        "weights_may_be_used_again",
        """\
def noisy(loss_func, sigma, generator):
    def noisy_loss(w1, w2):
        for w in (w1, w2):
            w.register_hook(lambda g: g + sigma * torch.randn(g.shape, generator=generator))
        return loss_func(w1, w2)

    return noisy_loss
""",
        tells="Each call registers one more hook on the same weights, and the old ones stay.",
    ),
    Mistake(
        "noisy",
        "at_a_noisy_place",
        "noise_of_the_stated_size",
        """\
def noisy(loss_func, sigma, generator):
    def noisy_loss(w1, w2):
        n1, n2 = (sigma * torch.randn(w.shape, generator=generator) for w in (w1, w2))
        return loss_func(w1 + n1, w2 + n2)

    return noisy_loss
""",
        tells="The loss is taken at a noisy place: how large the noise in the gradient is depends on the curvature.",
    ),
    Mistake(
        "noisy",
        "weights_moved",
        ("weights_may_be_used_again", "noise_of_the_stated_size"),
        """\
def noisy(loss_func, sigma, generator):
    def noisy_loss(w1, w2):
        with torch.no_grad():
            for w in (w1, w2):
                w += sigma * torch.randn(w.shape, generator=generator)
        return loss_func(w1, w2)

    return noisy_loss
""",
        tells="The weights themselves are moved, not the gradient.",
    ),
    Mistake(
        "noisy",
        "loss_left_out",
        "keeps_the_slope",
        """\
def noisy(loss_func, sigma, generator):
    def noisy_loss(w1, w2):
        loss = loss_func(w1, w2).detach()
        for w in (w1, w2):
            loss = loss + (sigma * torch.randn(w.shape, generator=generator) * w).sum()
        return loss

    return noisy_loss
""",
        tells="Only the noise has a gradient; that of the loss is cut off.",
    ),
    Alternative(
        "noisy",
        "value_unchanged",
        """\
def noisy(loss_func, sigma, generator):
    def noisy_loss(w1, w2):
        tilt = 0
        for w in w1, w2:
            noise = torch.normal(0.0, sigma, size=w.shape, generator=generator, dtype=w.dtype)
            tilt = tilt + torch.sum(noise * (w - w.detach()))
        return loss_func(w1, w2) + tilt

    return noisy_loss
""",
    ),
    Alternative(
        "noisy",
        "hook_on_a_view",
        """\
class noisy:
    def __init__(self, loss_func, sigma, generator):
        self.loss_func, self.sigma, self.generator = loss_func, sigma, generator

    def hook(self, gradient):
        return gradient + self.sigma * torch.empty_like(gradient).normal_(generator=self.generator)

    def __call__(self, w1, w2):
        views = [w.view_as(w) for w in (w1, w2)]
        for view in views:
            view.register_hook(self.hook)
        return self.loss_func(*views)
""",
    ),
    Alternative(
        "noisy",
        "own_function",
        """\
class AddNoise(torch.autograd.Function):
    @staticmethod
    def forward(ctx, w, noise):
        ctx.save_for_backward(noise)
        return w.clone()

    @staticmethod
    def backward(ctx, gradient):
        return gradient + ctx.saved_tensors[0], None


def noisy(loss_func, sigma, generator):
    def noisy_loss(*weights):
        total = sum(w.numel() for w in weights)
        draws = sigma * torch.randn(total, generator=generator)
        parts = draws.split([w.numel() for w in weights])
        return loss_func(*(AddNoise.apply(w, n.view(w.shape)) for w, n in zip(weights, parts)))

    return noisy_loss
""",
    ),
    Mistake(
        "stable_lr_limit",
        "half_of_it",
        "limit_of_plain_descent",
        """\
def stable_lr_limit(curvature, momentum=0.0):
    return (1 + momentum) / ((1 - momentum) * curvature)
""",
        tells="This is the rate that arrives in one step, half of the limit.",
    ),
    Mistake(
        "stable_lr_limit",
        "other_convention",
        "limit_with_momentum",
        """\
def stable_lr_limit(curvature, momentum=0.0):
    return 2 * (1 + momentum) / curvature
""",
        tells="This is the limit where the new gradient enters with its full size.",
    ),
    Mistake(
        "stable_lr_limit",
        "momentum_ignored",
        "limit_with_momentum",
        """\
def stable_lr_limit(curvature, momentum=0.0):
    return 2 / curvature
""",
        tells="Momentum does not enter the limit.",
    ),
    Mistake(
        "stable_lr_limit",
        "only_the_new_gradients_share",
        "limit_with_momentum",
        """\
def stable_lr_limit(curvature, momentum=0.0):
    return 2 / ((1 - momentum) * curvature)
""",
        tells="Only the share of the new gradient enters; what is remembered of the old ones does not.",
    ),
    Mistake(
        "stable_lr_limit",
        "multiplied_by_the_share",
        "limit_with_momentum",
        """\
def stable_lr_limit(curvature, momentum=0.0):
    return 2 * (1 + momentum) * (1 - momentum) / curvature
""",
        tells="The share of the new gradient makes the limit smaller instead of larger.",
    ),
    Mistake(
        "stable_lr_limit",
        "multiplied_by_the_curvature",
        "limit_of_plain_descent",
        """\
def stable_lr_limit(curvature, momentum=0.0):
    return 2 * (1 + momentum) / (1 - momentum) * curvature
""",
        tells="A more curved loss gets a larger limit, or the brackets are missing.",
    ),
    Mistake(
        "stable_lr_limit",
        "whole_steps",
        ("limit_of_plain_descent", "limit_with_momentum"),
        """\
def stable_lr_limit(curvature, momentum=0.0):
    return 2 * (1 + momentum) // ((1 - momentum) * curvature)
""",
        tells="The limit is rounded down to a whole number.",
    ),
    Mistake(
        "stable_lr_limit",
        "momentum_swapped",
        "limit_with_momentum",
        """\
def stable_lr_limit(curvature, momentum=0.0):
    return 2 * (1 - momentum) / ((1 + momentum) * curvature)
""",
        tells="Momentum makes the limit smaller instead of larger.",
    ),
    Alternative(
        "stable_lr_limit",
        "by_trial",
        """\
def stable_lr_limit(curvature, momentum=0.0):
    def radius(lr):
        step = np.array(
            [
                [1 - lr * (1 - momentum) * curvature, -lr * momentum],
                [(1 - momentum) * curvature, momentum],
            ]
        )
        return abs(np.linalg.eigvals(step)).max()

    low, high = 0.0, 1e6
    for _ in range(80):
        middle = (low + high) / 2
        low, high = (middle, high) if radius(middle) <= 1 else (low, middle)
    return low
""",
    ),
    Alternative(
        "stable_lr_limit",
        "as_a_tensor",
        """\
def stable_lr_limit(curvature, momentum=0.0):
    beta = torch.as_tensor(momentum, dtype=torch.float64)
    return (2 + 2 * beta) / (curvature - curvature * beta)
""",
    ),
    Mistake(
        "lr_range_test",
        "rate_not_set",
        ("sets_the_rate_before_each_step", "goes_on_after_the_loss_has_exploded"),
        """\
def endless(loader):
    while True:
        yield from loader


def lr_range_test(make_model, make_optimizer, loader, loss_fn, rates):
    losses = []
    model = make_model()
    optimizer = make_optimizer(model.parameters())
    for rate, (x, y) in zip(rates, endless(loader)):
        optimizer.zero_grad()
        loss = loss_fn(model(x), y)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses
""",
        tells="The learning rate is never set.",
    ),
    Mistake(
        "lr_range_test",
        "rate_set_after_the_step",
        "sets_the_rate_before_each_step",
        """\
def endless(loader):
    while True:
        yield from loader


def lr_range_test(make_model, make_optimizer, loader, loss_fn, rates):
    losses = []
    model = make_model()
    optimizer = make_optimizer(model.parameters())
    for rate, (x, y) in zip(rates, endless(loader)):
        optimizer.zero_grad()
        loss = loss_fn(model(x), y)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
        optimizer.lr = rate
    return losses
""",
        tells="The learning rate is set after the step, and counts only from the next one.",
    ),
    Mistake(
        "lr_range_test",
        "rate_of_another_attribute",
        ("sets_the_rate_before_each_step", "goes_on_after_the_loss_has_exploded"),
        """\
def endless(loader):
    while True:
        yield from loader


def lr_range_test(make_model, make_optimizer, loader, loss_fn, rates):
    losses = []
    model = make_model()
    optimizer = make_optimizer(model.parameters())
    for rate, (x, y) in zip(rates, endless(loader)):
        optimizer.learning_rate = rate
        optimizer.zero_grad()
        loss = loss_fn(model(x), y)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses
""",
        tells="The learning rate is written somewhere else than in `optimizer.lr`.",
    ),
    Mistake(
        "lr_range_test",
        "new_model_for_each_rate",
        ("trains_one_model", "goes_on_after_the_loss_has_exploded"),
        """\
def endless(loader):
    while True:
        yield from loader


def lr_range_test(make_model, make_optimizer, loader, loss_fn, rates):
    losses = []
    for rate, (x, y) in zip(rates, endless(loader)):
        model = make_model()
        optimizer = make_optimizer(model.parameters())
        optimizer.lr = rate
        optimizer.zero_grad()
        loss = loss_fn(model(x), y)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses
""",
        tells="Every rate gets a new model, so that nothing is ever learned.",
    ),
    Mistake(
        "lr_range_test",
        "new_optimizer_for_each_rate",
        "trains_one_model",
        """\
def endless(loader):
    while True:
        yield from loader


def lr_range_test(make_model, make_optimizer, loader, loss_fn, rates):
    losses = []
    model = make_model()
    for rate, (x, y) in zip(rates, endless(loader)):
        optimizer = make_optimizer(model.parameters())
        optimizer.lr = rate
        optimizer.zero_grad()
        loss = loss_fn(model(x), y)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses
""",
        tells="Every rate gets a new optimizer, which remembers nothing.",
    ),
    Mistake(
        "lr_range_test",
        "gradients_never_cleared",
        "trains_one_model",
        """\
def endless(loader):
    while True:
        yield from loader


def lr_range_test(make_model, make_optimizer, loader, loss_fn, rates):
    losses = []
    model = make_model()
    optimizer = make_optimizer(model.parameters())
    for rate, (x, y) in zip(rates, endless(loader)):
        optimizer.lr = rate
        loss = loss_fn(model(x), y)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses
""",
        tells="The gradients are never cleared.",
    ),
    Mistake(
        "lr_range_test",
        "always_the_first_batch",
        "losses_before_their_step",
        """\
def endless(loader):
    while True:
        yield from loader


def lr_range_test(make_model, make_optimizer, loader, loss_fn, rates):
    losses = []
    model = make_model()
    optimizer = make_optimizer(model.parameters())
    for rate in rates:
        x, y = next(iter(loader))
        optimizer.lr = rate
        optimizer.zero_grad()
        loss = loss_fn(model(x), y)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses
""",
        tells="A new pass is begun for every rate, so that all see the first batch.",
    ),
    Mistake(
        "lr_range_test",
        "loss_after_the_step",
        "losses_before_their_step",
        """\
def endless(loader):
    while True:
        yield from loader


def lr_range_test(make_model, make_optimizer, loader, loss_fn, rates):
    losses = []
    model = make_model()
    optimizer = make_optimizer(model.parameters())
    for rate, (x, y) in zip(rates, endless(loader)):
        optimizer.lr = rate
        optimizer.zero_grad()
        loss = loss_fn(model(x), y)
        loss.backward()
        optimizer.step()
        losses.append(loss_fn(model(x), y).item())
    return losses
""",
        tells="The loss is measured after the step.",
    ),
    Mistake(
        "lr_range_test",
        "ends_with_the_loader",
        "begins_the_loader_again",
        """\
def endless(loader):
    while True:
        yield from loader


def lr_range_test(make_model, make_optimizer, loader, loss_fn, rates):
    losses = []
    model = make_model()
    optimizer = make_optimizer(model.parameters())
    for rate, (x, y) in zip(rates, loader):
        optimizer.lr = rate
        optimizer.zero_grad()
        loss = loss_fn(model(x), y)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses
""",
        tells="It ends with the last batch, although there are more rates.",
    ),
    Mistake(
        "lr_range_test",
        "stops_at_nan",
        "goes_on_after_the_loss_has_exploded",
        """\
def endless(loader):
    while True:
        yield from loader


def lr_range_test(make_model, make_optimizer, loader, loss_fn, rates):
    losses = []
    model = make_model()
    optimizer = make_optimizer(model.parameters())
    for rate, (x, y) in zip(rates, endless(loader)):
        optimizer.lr = rate
        optimizer.zero_grad()
        loss = loss_fn(model(x), y)
        loss.backward()
        optimizer.step()
        if not math.isfinite(loss.item()):
            break
        losses.append(loss.item())
    return losses
""",
        tells="It stops as soon as the loss is inf or nan.",
    ),
    Mistake(
        "lr_range_test",
        "nan_left_out",
        "goes_on_after_the_loss_has_exploded",
        """\
def endless(loader):
    while True:
        yield from loader


def lr_range_test(make_model, make_optimizer, loader, loss_fn, rates):
    losses = []
    model = make_model()
    optimizer = make_optimizer(model.parameters())
    for rate, (x, y) in zip(rates, endless(loader)):
        optimizer.lr = rate
        optimizer.zero_grad()
        loss = loss_fn(model(x), y)
        loss.backward()
        optimizer.step()
        if math.isfinite(loss.item()):
            losses.append(loss.item())
    return losses
""",
        tells="Losses that are inf or nan are left out.",
    ),
    Mistake(
        "lr_range_test",
        "running_mean",
        "losses_before_their_step",
        """\
def endless(loader):
    while True:
        yield from loader


def lr_range_test(make_model, make_optimizer, loader, loss_fn, rates):
    losses = []
    model = make_model()
    optimizer = make_optimizer(model.parameters())
    for rate, (x, y) in zip(rates, endless(loader)):
        optimizer.lr = rate
        optimizer.zero_grad()
        loss = loss_fn(model(x), y)
        loss.backward()
        optimizer.step()
        losses.append(0.5 * (losses[-1] if losses else loss.item()) + 0.5 * loss.item())
    return losses
""",
        tells="The losses are smoothed.",
    ),
    Mistake(
        "lr_range_test",
        "an_epoch_for_each_rate",
        ("sets_the_rate_before_each_step", "losses_before_their_step", "begins_the_loader_again"),
        """\
def endless(loader):
    while True:
        yield from loader


def lr_range_test(make_model, make_optimizer, loader, loss_fn, rates):
    losses = []
    model = make_model()
    optimizer = make_optimizer(model.parameters())
    for rate in rates:
        optimizer.lr = rate
        for x, y in loader:
            optimizer.zero_grad()
            loss = loss_fn(model(x), y)
            loss.backward()
            optimizer.step()
        losses.append(loss.item())
    return losses
""",
        tells="Every rate gets a whole pass over the data instead of one batch.",
    ),
    Mistake(
        "lr_range_test",
        "tensors_with_their_graph",
        "losses_before_their_step",
        """\
def lr_range_test(make_model, make_optimizer, loader, loss_fn, rates):
    model = make_model()
    optimizer = make_optimizer(model.parameters())
    losses, batches = [], []
    while len(batches) < len(rates):
        batches += list(loader)
    for rate, (x, y) in zip(rates, batches):
        optimizer.lr = rate
        optimizer.zero_grad()
        loss = loss_fn(model(x), y)
        losses.append(loss)
        loss.backward()
        optimizer.step()
    return losses
""",
        tells="The losses are tensors, each of which keeps the whole graph of its batch.",
    ),
    Alternative(
        "lr_range_test",
        "iterator_begun_again",
        """\
def lr_range_test(make_model, make_optimizer, loader, loss_fn, rates):
    model, losses, batches = make_model(), np.zeros(len(rates)), iter(())
    stepper = make_optimizer(list(model.parameters()))
    for i in range(len(rates)):
        batch = next(batches, None)
        if batch is None:
            batches = iter(loader)
            batch = next(batches)
        stepper.zero_grad()
        loss = loss_fn(model(batch[0]), batch[1])
        loss.backward()
        stepper.lr = rates[i]
        losses[i] = loss.detach().numpy()
        stepper.step()
    return losses.tolist()
""",
    ),
    Alternative(
        "lr_range_test",
        "cycled",
        """\
from itertools import cycle


def lr_range_test(make_model, make_optimizer, loader, loss_fn, rates):
    model = make_model().train()
    optimizer = make_optimizer(model.parameters())

    def one(rate, batch):
        inputs, labels = batch
        loss = loss_fn(model(inputs), labels)
        optimizer.zero_grad()
        loss.backward()
        optimizer.lr = rate
        optimizer.step()
        return float(loss)

    return [one(rate, batch) for rate, batch in zip(rates, cycle(loader))]
""",
    ),
]

OF_ITS_KIND = "Another curve or start of the same kind: SGD fails there, and the rival arrives."
SURVIVORS = {
    "noisy": {
        "loss = loss + (noise * w).sum() → loss = loss - (noise * w).sum()": (
            "normal noise is symmetric: the same with its sign turned"
        ),
    },
    "pathological_curve": {
        "return 0.5 * (w1 ** 2 + 1000 * w2 ** 2) → return 0.5 * (w1 ** 2 + 1001 * w2 ** 2)": OF_ITS_KIND,
        "return 0.5 * (w1 ** 2 + 1000 * w2 ** 2) → return 0.5 * (w1 ** 2 + 999 * w2 ** 2)": OF_ITS_KIND,
        "return {'start': (5.0, 0.05), 'rival': 'momentum', 'lr': 0.03} → "
        "return {'start': (10.0, 0.05), 'rival': 'momentum', 'lr': 0.03}": OF_ITS_KIND,
        "return {'start': (5.0, 0.05), 'rival': 'momentum', 'lr': 0.03} → "
        "return {'start': (5.0, 0.1), 'rival': 'momentum', 'lr': 0.03}": OF_ITS_KIND,
    },
}
