from autograder.checking import Scenario

SCENARIOS = [
    Scenario("double", "y = double($x)\n", "y", {"x": [1, 2, 3, 5]}),
    Scenario(
        "mean", "m = mean(torch.tensor($values))\n", "m.item()",
        {"values": [[1.0, 3.0], [0.0, 0.0], [2.0], [4.0, 0.0, 2.0]]},
    ),
]  # fmt: skip
