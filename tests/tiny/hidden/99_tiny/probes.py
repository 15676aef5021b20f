import torch


def doubled(ns, x):
    return ns.double(x)


def averaged(ns, values):
    return ns.mean(torch.tensor(values))
