"""A bridge to aihwkit: parameters of its pulsed devices to ours and back, without importing it."""

from phys.aihwkit.bridge import AihwkitDevice, from_aihwkit, to_aihwkit

__all__ = ["AihwkitDevice", "from_aihwkit", "to_aihwkit"]
