"""What the comparisons with other frameworks share: how qbench imports a model."""

import subprocess


def import_model(qbench, file, tflite):
    """Writes the float .tflite that QBENCH makes of the file; the error where it makes none."""
    tflite.unlink(missing_ok=True)
    run = subprocess.run([qbench, "quantize", str(file), "--plugins", "float", "-o", str(tflite)],
                         capture_output=True, text=True)
    return None if run.returncode == 0 else run.stderr.strip() or "no message"
