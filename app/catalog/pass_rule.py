"""When an achievement is passed. Pure.

Source: DOMAIN, rule 2; the three kinds are those that programmes ask for.
"""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, model_validator

from app.programme.rules import ALL_REQUIRED, K_OF_N, WEIGHTED, PassRuleKind


class PassRuleSpec(BaseModel):
    """How many of the criteria an award needs.

    `all_required`: every required criterion at its level. `k_of_n`: those, and
    `k` criteria in all. `weighted`: those, and `threshold` per cent of the
    weighted points.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    kind: PassRuleKind = ALL_REQUIRED
    k: Annotated[int, Field(ge=1, le=50)] | None = None
    threshold: Annotated[int, Field(ge=1, le=100)] | None = None

    @model_validator(mode="after")
    def _check_numbers(self) -> "PassRuleSpec":
        if (self.k is not None) != (self.kind == K_OF_N):
            raise ValueError("k is said for the rule k_of_n, and only there")
        if (self.threshold is not None) != (self.kind == WEIGHTED):
            raise ValueError("threshold is said for the rule weighted, and only there")
        return self
