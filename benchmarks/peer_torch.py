"""Time plain PyTorch on the network of training_speed.py; run by the interpreter that has it.

Called by ``training_speed.py --peer PYTHON``; prints one JSON object.
"""

import json
import sys
import time
from itertools import pairwise

import numpy as np
import torch

SIZES = (784, 256, 128, 10)


def main(path: str, samples: int) -> None:
    """Train with batch 1 on one thread and print the speed of the second stretch of samples."""
    torch.set_num_threads(1)
    file = np.load(path)
    images, labels = torch.from_numpy(file["images"]), torch.from_numpy(file["labels"])
    layers: list[torch.nn.Module] = []
    for n, m in pairwise(SIZES):
        layers += [torch.nn.Linear(n, m), torch.nn.Sigmoid()]
    model = torch.nn.Sequential(*layers[:-1])
    optimiser = torch.optim.SGD(model.parameters(), lr=0.05)
    loss = torch.nn.CrossEntropyLoss()
    seconds = 0.0
    for start in (0, samples):
        began = time.process_time()
        for n in range(start, start + samples):
            optimiser.zero_grad()
            loss(model(images[n : n + 1]), labels[n : n + 1]).backward()
            optimiser.step()
        seconds = time.process_time() - began
    print(json.dumps({f"PyTorch {torch.__version__}, float, no devices": samples / seconds}))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
