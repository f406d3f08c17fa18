"""Train as training.json in this folder says, and report every bit of the weights."""

from __future__ import annotations

import json
from pathlib import Path

from phys import train

history = train(**json.loads(Path("training.json").read_text()))
print(
    json.dumps(
        {
            "loss": history.loss,
            "weights": [layer.c.weights.tobytes().hex() for layer in history.network.layers],
        }
    )
)
