#!/usr/bin/env python3
"""Event files that Tenon writes, as the package tensorboard reads them.

    python3 summaries.py DIGITS

DIGITS is the sample digits. It takes tensorboard: `./dev test --interop` makes an environment that has it.
"""
import subprocess
import sys
import tempfile

from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

EPOCHS = 2


def main():
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([sys.argv[1], "--epochs", str(EPOCHS), "--report", folder + "/report.html",
                        "--summaries", folder + "/summaries"], check=True, stdout=subprocess.DEVNULL)
        events = EventAccumulator(folder + "/summaries", {"images": 0, "histograms": 0})
        events.Reload()
        tags = events.Tags()
        scalars = ["test_loss", "test_accuracy", "loss", "accuracy"]
        assert sorted(tags["scalars"]) == sorted("summaries/" + name for name in scalars), tags
        for tag in tags["scalars"]:
            assert len(events.Scalars(tag)) == EPOCHS, tag
        right = [event.value for event in events.Scalars("summaries/test_accuracy")]
        assert all(0 < value <= 1 for value in right), right
        weights = events.Histograms("summaries/digits/conv1/weights")
        for event in weights:
            histogram = event.histogram_value
            assert histogram.num == sum(histogram.bucket) == 3 * 3 * 32, histogram
            assert histogram.min < 0 < histogram.max, histogram
        images = [f"summaries/images/image/{i}" for i in range(3)]
        assert sorted(tags["images"]) == images, tags
        for tag in images:
            for event in events.Images(tag):
                assert (event.width, event.height) == (8, 8), event
                assert event.encoded_image_string.startswith(b"\x89PNG"), event
    print("TensorBoard reads the event files")


main()
