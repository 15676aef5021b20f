def area(ns, r):
    return ns.circle(r)


def twice(ns, side):
    return ns.Square(side).twice()


def typical(ns, radii):
    return ns.typical(radii)
