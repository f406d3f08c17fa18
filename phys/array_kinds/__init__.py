"""Other arrays than the plain crossbar: the limit of small steps, pairs of devices, no devices."""
