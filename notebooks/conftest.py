"""nbval compares the text of every cell; pictures, HTML, widget views and stderr differ between machines."""

SKIPPED = ("text/html", "image/png", "image/svg+xml", "application/vnd.jupyter.widget-view+json", "stderr")


def pytest_collectstart(collector):
    if collector.fspath and collector.fspath.ext == ".ipynb" and hasattr(collector, "skip_compare"):
        collector.skip_compare += SKIPPED
