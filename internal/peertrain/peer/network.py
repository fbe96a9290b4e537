"""A network's units, and where its quantizers sit.

A unit is a convolution or linear layer with the batch norm and the ReLU after
it, a sum with its ReLU, or any other layer. Nothing is rounded inside a unit.
"""
import re

import scales
from quantizer import BINARY, LEARNED, TERNARY

MOVES = {"max_pool", "flatten", "reshape", "resize", "slice", "shuffle", "dropout", "identity"}
JOINS = {"concat", "max", "min"}
AVERAGES = {"avg_pool", "global_avg_pool", "pad"}  # rounded to the grid of their input
WEIGHTED = {"conv2d", "conv_transpose", "linear"}
CLIPS = {"relu", "relu6"}
SUMS = {"add", "sub", "mul", "attention_scores", "attention_values"}  # of two, on a grid of their own
RANGES = {"sigmoid": 0, "hard_sigmoid": 0, "softmax": 0, "tanh": -1}  # functions up to 1, by their least value


class Unit:
    def __init__(self, layer, inputs):
        self.layer, self.name, self.kind, self.inputs = layer, layer["Name"], layer["Kind"], inputs
        self.norm = self.clip = None  # the batch norm's name; the ReLU's kind
        self.alone = self.kind == "batch_norm"
        if self.alone:
            self.normalise(layer)
        self.rule = None  # the scheme; None: float
        self.weights = self.output = None  # quantizers

    def normalise(self, layer):
        self.norm, self.epsilon = layer["Name"], layer["Epsilon"] or 1e-5

    @property
    def weighted(self):
        return self.kind in WEIGHTED or self.alone

    def dropped(self):
        """It has passed a dropout since it was rounded, and so is off the grid."""
        if self.kind == "dropout":
            return True
        return self.passes and self.kind not in AVERAGES and any(u is not None and u.dropped() for u in self.inputs)

    @property
    def passes(self):
        """Its output lies on its input's grid."""
        return self.kind in MOVES | AVERAGES | JOINS

    def non_negative(self):
        if self.clip or self.kind in CLIPS or self.kind == "softplus" or RANGES.get(self.kind) == 0:
            return True
        if self.kind == "clip":
            return self.layer["Min"] >= 0
        if self.kind == "sub" or self.kind == "pad" and self.layer["Value"] < 0:
            return False
        if self.passes or self.kind in SUMS:
            return all(u is not None and u.non_negative() for u in self.inputs)
        return False


def units(layers):
    """The units in their order; the network's input is None."""
    froms = [l["From"] or [layers[i - 1]["Name"] if i else "input"] for i, l in enumerate(layers)]
    takers = [name for names in froms for name in names]
    made, kinds, all_units = {"input": None}, {}, []
    for layer, names in zip(layers, froms):
        name, kind, source = layer["Name"], layer["Kind"], names[0]
        before, only = made[source], takers.count(source) == 1
        if kind == "batch_norm" and only and kinds.get(source) in WEIGHTED:
            before.normalise(layer)
        elif kind in CLIPS and only and before and not before.clip and (before.weighted or before.kind in SUMS):
            before.clip = kind
        else:
            before = Unit(layer, [made[n] for n in names])
            all_units.append(before)
        made[name], kinds[name] = before, kind
    return all_units


def rule(q, unit):
    """The scheme of a unit: by its name, else by its kind, else the default."""
    for r in q["Names"] or []:
        if re.fullmatch(r["Pattern"], unit.name):
            return r["Scheme"]
    kinds = q["Kinds"] or {}
    return kinds[unit.kind] if unit.kind in kinds else q["Default"]


def is_float(cfg):
    return scales.parse(cfg["Format"]) is None


def asked(unit, what):
    """The configuration that a unit asks for; None: float."""
    if unit.rule is None or is_float(unit.rule[what]):
        return None
    return unit.rule[what]


def edges(all_units):
    """The first and the last unit with weights of its own."""
    own = [u for u in all_units if u.kind in WEIGHTED] or all_units
    return own[0], own[-1]


def with_bits(cfg, bits):
    """The configuration with another number of bits; two and three values are no others."""
    if cfg is None or not bits:
        return cfg
    f = scales.parse(cfg["Format"])._replace(bits=bits)
    cfg = dict(cfg, Format=named(f))
    if cfg["Method"] in BINARY or cfg["Method"] in TERNARY and f.values != 3:
        cfg["Method"] = "lsq" if cfg["Method"] in LEARNED else "ste"
    return cfg


def named(f):
    return f"{'u' if f.unsigned else ''}int{f.bits}{'_narrow' if f.narrow else ''}"


def weights(q, unit, all_units, shape):
    """The configuration of a unit's weights and the number of their scales."""
    cfg = asked(unit, "Weights")
    if cfg is None:
        return None, 0
    if unit.alone:  # one number per channel, which is not rounded
        scheme = "power_of_two" if cfg["Scheme"] == "power_of_two" else "symmetric"
        return dict(PLAIN, Format="int8_narrow", Scheme=scheme), shape[0]
    if unit in edges(all_units):
        cfg = with_bits(cfg, q["EdgeBits"])
    kind, *numbers = cfg["Granularity"].split(":")
    if kind == "per_group":
        wish, axis = int(numbers[1]), shape[1]
        size = next(n for n in range(min(wish, axis), 0, -1) if axis % n == 0)
        if size < axis and 2 * size >= wish:
            return cfg, shape[0] * (axis // size)
        kind = "per_channel"
        cfg = dict(cfg, Granularity=kind)
    return cfg, shape[0] if kind == "per_channel" else 1


PLAIN = {
    "Scheme": "symmetric", "Granularity": "per_channel", "Dialect": "default", "Method": "ste", "Rounding": "half_even", "Seed": 0, "Decay": 0, "LRFactor": 0,
    "Ramp": {"Start": 0, "Finish": 0},
    "Observer": {"Kind": "last_value", "Constant": 0, "Percentile": 0, "Sigmas": 0, "Min": 0, "Max": 0},
}


class Group:
    """Activations on one grid."""

    def __init__(self, member):
        self.members, self.owner, self.cfg = [member], None, None


def groups(q, all_units):
    """The grids of the activations, with their configurations and owners."""
    of, found = {None: Group(None)}, []
    for u in all_units:
        if not u.passes:
            of[u] = Group(u)
            continue
        g = of[u.inputs[0]]
        for other in {id(of[v]): of[v] for v in u.inputs[1:]}.values():
            if other is not g:
                g.members += other.members
                of.update((m, g) for m in other.members)
        g.members.append(u)
        of[u] = g
    for g in of.values():
        if g not in found:
            found.append(g)
    for g in found:
        configure(g, q, all_units)
    return found


def configure(g, q, all_units):
    makers = [u for u in g.members if u is None or not u.passes]
    takers = [u for u in all_units if u not in g.members and any(v in g.members for v in u.inputs)]
    for u in [m for m in makers if m is not None] + takers:
        if asked(u, "Activations") is not None:
            g.owner, g.cfg = u, asked(u, "Activations")
            break
    _, last = edges(all_units)
    edge = [None, *last.inputs, *all_units[all_units.index(last):]]
    if q["FloatOutput"] and all_units[-1] in g.members:
        g.cfg = None
    if g.cfg is None:
        return
    if all(u is not None and u.non_negative() for u in makers) or g.cfg["Scheme"] == "affine":
        g.cfg = non_negative(g.cfg)
    if any(u in edge for u in g.members):
        g.cfg = with_bits(g.cfg, q["EdgeBits"])
    if all(u is not None and u.kind in RANGES for u in makers):
        g.cfg = bounded(g.cfg, min(RANGES[u.kind] for u in makers))


# Dialects in which the zero point of symmetric unsigned integers is not 0.
MIDDLE = {"torch", "xnnpack", "coreml", "coreml_ptq", "tflite", "onnx"}


def non_negative(cfg):
    """The configuration of a tensor that is never negative."""
    f = scales.parse(cfg["Format"])._replace(unsigned=True, narrow=False)
    cfg = dict(cfg, Format=named(f))
    if cfg["Scheme"] == "symmetric" and cfg["Method"] != "pact" and cfg["Dialect"] in MIDDLE:
        cfg["Scheme"] = "affine"
    return cfg


def bounded(cfg, least):
    """The configuration of functions whose range is known, so that the scale is a power of two."""
    f = scales.parse(cfg["Format"])
    n, half = 2 ** f.bits, 2 ** (f.bits - 1)
    lo, hi = 0, f.high / n
    if least < 0:
        lo, hi = -1 if f.unsigned else -(half - 1) / half, (half - 1) / half
    cfg = dict(cfg, Observer=dict(PLAIN["Observer"], Kind="fixed", Min=lo, Max=hi))
    if cfg["Method"] in ("lsq", "lsq_plus", "pact", "learned_range"):
        cfg.update(Method="ste", Decay=0, LRFactor=0)
    return cfg
