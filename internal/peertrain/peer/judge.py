"""Compares petrify's training of a case with this one, step by step."""
import copy

import torch

from ties import Ties
from training import Model, tensor

TOLERANCE = 3e-4  # of the greatest change of a tensor
ROUNDING = 1e-6  # of its greatest number: float32's, over some steps
SMALL = 1e-3  # a tensor that has changed by a smaller share is no measure of relative differences
SHAKE, SHAKES, MOST = 3e-7, 6, 0.05  # noise of some float32 roundings, how often, and what it may excuse
MOST_TURNS = 200  # alternatives tried together
DOUBTFUL = 11  # of them, for which every combination is tried


class Verdict:
    """The outcome of a case."""

    def __init__(self):
        self.steps = self.tensors = self.decided = self.near = self.turned = self.rebased = self.shaken = 0
        self.undecided = False  # too much is near a tie to tell
        self.worst, self.at = 0.0, ""  # the greatest difference, as a share of the change
        self.difference = None  # what differs, if anything does

    def json(self):
        names = "steps tensors decided near turned rebased shaken undecided worst at difference".split()
        return {n: getattr(self, n) for n in names}


def judge(case):
    v = Verdict()
    model = Model(case)
    trial, vague = Trial(beginning(model)), 0
    for i, step in enumerate(case["Steps"]):
        trial.meet(step)
        attempt = trial.search(model)
        if attempt.excess > 1 and i > 0:  # a difference that has grown from step to step
            model = trial.rebase(model)
            attempt, v.rebased = trial.search(model), v.rebased + 1
        if attempt.excess > 1:
            v.shaken += trial.shake(attempt, model)
            v.undecided = trial.drowned
        before, model = model, attempt.model
        v.steps += 1
        v.tensors += len(trial.theirs)
        v.decided += attempt.ties.decided
        v.near += len(attempt.ties.near)
        v.turned += len(attempt.ties.turned)
        if attempt.share > v.worst:
            v.worst, v.at = attempt.share, f"{attempt.at} after step {i + 1}"
        vague += attempt.ties.vague
        if attempt.excess > 1:
            v.undecided = v.undecided or bool(vague) or v.near > DOUBTFUL and trial.may_explain(attempt, before)
            if not v.undecided:
                v.difference = f"step {i + 1}: {attempt.story()}"
            break
    return v


def beginning(model):
    """The origin of changes: 0 for scales, zero points and losses."""
    start = model.state(Ties())
    for name in start:
        if name.endswith((".scale", ".zero")):
            start[name] = torch.zeros_like(start[name])
    return dict(start, loss=torch.zeros(1))


class Attempt:
    """A step of a model with some decisions turned, and how it compares."""

    def __init__(self, trial, before, turned=frozenset(), noise=0.0):
        self.model, self.ties = copy.deepcopy(before), Ties(turned)
        loss = self.model.step(trial.step, self.ties, noise)
        self.ours = dict(self.model.state(self.ties), loss=torch.tensor([loss]))
        self.changes = {n: (v - trial.start[n]).abs().max().item() for n, v in self.ours.items()}
        self.compare(trial)

    def compare(self, trial):
        self.rows, off = [], []
        for name, values in trial.theirs.items():
            known, change = self.ours[name].flatten(), self.changes[name]
            size, error = known.abs().max().item(), (known - values).abs().max().item()
            if ".log_" in name:
                size = max(size, 1.0)  # a logarithm is off by as much as its number relatively
            off.append((known - values) / (TOLERANCE * change + ROUNDING * size + trial.errors[name] + 1e-30))
            self.rows.append((off[-1].abs().max().item(), error / change if change > SMALL * size else 0.0, name))
        self.off = torch.cat(off)  # in units of what is allowed
        self.excess = self.off.abs().max().item()
        self.share, self.at = max(r[1:] for r in self.rows)

    def story(self):
        worst = sorted((r for r in self.rows if r[0] > 1), reverse=True)[:3]
        return ", ".join(f"{name} off by {share:.1%} of its change" for _, share, name in worst)


class Trial:
    """The steps of a case, one after the other."""

    def __init__(self, start):
        self.start, self.theirs = start, {}
        self.errors = dict.fromkeys(start, 0.0)  # that noise excuses, in this step and those before

    def meet(self, step):
        self.step, self.before = step, self.theirs
        self.theirs = {t["Name"]: tensor(t["Values"]) for t in step["State"]}
        self.theirs["loss"] = torch.tensor([step["Loss"]])

    def rebase(self, model):
        """The model with petrify's numbers before the step, so that only the step is compared."""
        model = copy.deepcopy(model)
        own = dict(model.params, **{f"{q.name}.{n}": p for q in model.quantizers.values() for n, p in q.learned.items()})
        for name, p in own.items():
            p.data = self.before[name].reshape(p.shape).clone()
        for name in model.running:
            model.running[name] = self.before[name].clone()
        return model

    def search(self, model):
        """The attempt with the least difference, with near decisions turned.

        What each would change is tried, and which of them explain the difference is
        computed as if effects added up. Decisions on equal numbers are turned
        together first, then each by itself.
        """
        best = Attempt(self, model)
        for alone in (False, True, True):
            sets = alternatives(best.ties.near, alone)
            if best.excess <= 1 or not sets:
                break
            tried = [Attempt(self, model, best.ties.turned ^ s) for s in sets]
            for turns in explain(torch.stack([a.off - best.off for a in tried], 1), best.off):
                turned = best.ties.turned
                for s in (s for s, turn in zip(sets, turns) if turn):
                    turned ^= s
                tried.append(Attempt(self, model, turned))
            best = min([best, *tried], key=lambda a: a.excess)
        return best

    def may_explain(self, attempt, model):
        """Whether near decisions, all together, can explain the difference in each number."""
        sets = alternatives(attempt.ties.near, True)
        if len(sets) == MOST_TURNS:
            return True
        reach = sum((Attempt(self, model, attempt.ties.turned ^ s).off - attempt.off).abs() for s in sets)
        return bool((attempt.off.abs() <= 1 + reach).all())

    def shake(self, attempt, model):
        """Allows for the step's response to noise like float32's, such as batch norm's
        for channels that hardly vary; reports whether that was enough. If it must not
        excuse as much as there is, as in training that diverges, the step drowns."""
        most = MOST * max(attempt.changes[n] for n in model.params)
        noisy = [Attempt(self, model, attempt.ties.turned, SHAKE) for _ in range(SHAKES)]
        errors = {n: 3 * max((a.ours[n] - attempt.ours[n]).abs().max().item() for a in noisy) for n in self.errors}
        for name, error in errors.items():
            self.errors[name] += min(error, MOST * max(attempt.changes[name], most))
        attempt.compare(self)
        off = [name for excess, _, name in attempt.rows if excess > 1]
        self.drowned = bool(off) and all(
            (attempt.ours[n].flatten() - self.theirs[n]).abs().max().item() <= errors[n] for n in off)
        return attempt.excess <= 1


def explain(effects, off):
    """Which effects, each whole or not at all, best compensate off: some candidates.

    Least squares decides on the clear ones, and of the others every combination
    is looked at.
    """
    share = torch.linalg.lstsq(effects, -off.unsqueeze(1), driver="gelsd").solution.flatten()
    doubtful = (share - 0.5).abs().argsort()[:DOUBTFUL]
    combinations = torch.cartesian_prod(*[torch.tensor([0.0, 1.0])] * len(doubtful)).reshape(-1, len(doubtful))
    turns = (share > 0.5).double().repeat(len(combinations), 1)
    turns[:, doubtful] = combinations
    left = (off + turns @ effects.T).abs().amax(1)
    return turns[left.argsort()[:4]].bool()


def alternatives(near, alone):
    """Sets of near decisions to turn, the nearest first."""
    sets = {}
    for decision, (share, number) in near.items():
        sets.setdefault(decision if alone else number, []).append((share, decision))
    ranked = sorted(sets.values(), key=lambda s: min(s)[0])[:MOST_TURNS]
    return [frozenset(d for _, d in s) for s in ranked]
