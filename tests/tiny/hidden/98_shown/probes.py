def tripled(ns, x):
    return ns.triple(x)
