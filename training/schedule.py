"""How long a run goes on and how fast it learns."""

from dataclasses import asdict, dataclass, fields, replace
from typing import Any, Literal, Self

import keras
import numpy as np

# run.json names them only where they are not the default.
_LATER_FIELDS = frozenset({"method", "phases", "patience"})


@dataclass(frozen=True, slots=True)
class Schedule:
    """AdamW under a cosine with a linear start, or plain Adam in phases of one rate each.

    An epoch is `steps_per_epoch` batches (not a pass over the data): after each one the run is
    saved and judged.

    phases: (share of the steps, factor of learning_rate), one after the other; for "adam" and
    "amsgrad", which know no warm-up, decay or clipping. patience: epochs without a better
    validation loss after which the run ends with the weights of its best; 0 for never.
    """

    epochs: int
    steps_per_epoch: int
    learning_rate: float = 2e-3
    warmup_steps: int = 300
    final_rate: float = 0.005
    weight_decay: float = 1e-4
    clip_norm: float = 20.0
    method: Literal["adamw", "adam", "amsgrad"] = "adamw"
    phases: tuple[tuple[float, float], ...] = ((1.0, 1.0),)
    patience: int = 0

    @property
    def steps(self) -> int:
        return self.epochs * self.steps_per_epoch

    def changed(
        self,
        epochs: int | None = None,
        steps_per_epoch: int | None = None,
        learning_rate: float | None = None,
    ) -> Self:
        """The same schedule but for what is named."""
        epochs, steps = epochs or self.epochs, steps_per_epoch or self.steps_per_epoch
        return replace(
            self,
            epochs=epochs,
            steps_per_epoch=steps,
            warmup_steps=min(self.warmup_steps, epochs * steps // 4),
            learning_rate=learning_rate or self.learning_rate,
        )

    def record(self) -> dict[str, Any]:
        """For run.json, without what is as it was before there was a choice: the records of earlier
        runs stay true.
        """
        left_out = {
            field.name
            for field in fields(self)
            if field.name in _LATER_FIELDS and getattr(self, field.name) == field.default
        }
        return {name: value for name, value in asdict(self).items() if name not in left_out}

    @classmethod
    def of(cls, record: dict[str, Any]) -> Self:
        """What `record` wrote, after JSON made lists of its tuples."""
        tuples = {name: tuple(map(tuple, record[name])) for name in ("phases",) if name in record}
        return cls(**record | tuples)

    def optimizer(self) -> keras.optimizers.Optimizer:
        if self.method != "adamw":
            return keras.optimizers.Adam(self._rate_in_phases(), amsgrad=self.method == "amsgrad")
        rate = keras.optimizers.schedules.CosineDecay(
            1e-5,
            max(1, self.steps - self.warmup_steps),
            alpha=self.final_rate,
            warmup_target=self.learning_rate,
            warmup_steps=self.warmup_steps,
        )
        return keras.optimizers.AdamW(
            rate, weight_decay=self.weight_decay, global_clipnorm=self.clip_norm
        )

    def _rate_in_phases(self) -> keras.optimizers.schedules.LearningRateSchedule | float:
        """By step, so that all phases are one fit and a resumed one is in the right phase."""
        if len(self.phases) == 1:  # Keras' schedule wants at least one end
            return self.phases[0][1] * self.learning_rate
        ends = np.cumsum([share for share, _ in self.phases]) * self.steps
        return keras.optimizers.schedules.PiecewiseConstantDecay(
            [round(end) for end in ends[:-1].tolist()],
            [factor * self.learning_rate for _, factor in self.phases],
        )
