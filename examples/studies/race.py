"""Four rules that stop runs early, on the same simulated losses: which wastes the fewest epochs?"""

from matplotlib.figure import Figure

from hdeeprm.studies.landscapes import race_groups
from hdeeprm.studies.plots.moving_loss import plot_moving_loss
from hdeeprm.studies.plots.regret import plot_regret

groups = race_groups(
    ["none", "asha", "hyperband", "pbt"], workers=16, seeds=[161, 165], num_arms=100, num_epochs=25
)
for name, group in groups.items():
    regret = group.cumulative_regret
    print(f"{name}: regret {regret.mean[-1]:.3f} ± {regret.deviation[-1]:.3f}")
figure = Figure(figsize=(12, 4), layout="constrained")
left, right = figure.subplots(1, 2)
plot_regret(left, groups.values())
plot_moving_loss(right, groups.values())
figure.savefig("race.svg")
