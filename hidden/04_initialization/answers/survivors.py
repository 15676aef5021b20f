"""Mutants of the reference solutions of assignment 04 that may earn every point, and why."""

SURVIVORS = {
    "activation_rms": {
        "values.append(output.square().mean().sqrt().item()) → "
        "values.append(output.square().mean().sqrt())": (
            "A tensor with one number and no graph is taken for a float."
        ),
        "with torch.no_grad(): → model(x)": "The numbers are floats, so no graph outlives the call.",
        "with torch.no_grad(): → with torch.enable_grad():": (
            "The numbers are floats, so no graph outlives the call."
        ),
    },
    "gradient_rms": {
        "return [gradient.square().mean().sqrt().item() for gradient in gradients] → "
        "return [gradient.square().mean().sqrt() for gradient in gradients]": (
            "A tensor with one number and no graph is taken for a float."
        ),
    },
}
