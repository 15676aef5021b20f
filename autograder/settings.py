"""What every course's `nbgrader_config.py` sets:

    from autograder.settings import use_autograder

    c = get_config()
    use_autograder(c)

The rest of the file is about the one course.
"""

from traitlets.config import Config


def use_autograder(c: Config) -> None:
    """Make nbgrader grade with hidden checks; everything else keeps nbgrader's defaults.

    Later lines of the configuration may change any of it.
    """
    # nbgrader's steps, with the repair of damaged notebooks before them, and with the judge in
    # place of the step that runs hidden tests. By name: reading the configuration imports none.
    c.Autograde.sanitize_preprocessors = [
        "autograder.submission.repair.Repair",
        "nbgrader.preprocessors.DeduplicateIds",
        "nbgrader.preprocessors.OverwriteKernelspec",
        "nbgrader.preprocessors.OverwriteCells",
        "nbgrader.preprocessors.CheckCellMetadata",
    ]
    c.Autograde.autograde_preprocessors = [
        "autograder.grading.judging.judge.Judge",
        "nbgrader.preprocessors.IgnorePattern",
        "nbgrader.preprocessors.LimitOutput",
        "nbgrader.preprocessors.SaveAutoGrades",
        "autograder.gradebook.penalties.Penalties",
    ]
    # Zip files from Moodle and Canvas: who handed in what. `autograder collect` uses both, too.
    c.ZipCollectApp.extractor_plugin = "autograder.lms.collect.LmsExtractor"
    c.ZipCollectApp.collector_plugin = "autograder.lms.collect.LmsCollector"
    # Where the constants of an assignment differ from student to student, each gets their own.
    c.ExchangeFactory.release_assignment = "autograder.variants.exchange.Release"
    # `nbgrader export` leaves empty what nobody has judged; nbgrader's own plugin writes 0.
    c.ExportApp.plugin_class = "autograder.exports.stock.StockExporter"
    # The page a student gets, also from nbgrader's own command and from formgrader's buttons. It reads
    # the gradebook itself.
    c.GenerateFeedback.exporter_class = "autograder.feedback.page.FeedbackExporter"
    c.GenerateFeedback.preprocessors = ["autograder.gradebook.penalties.Penalties"]
    # Formgrader shows what students wrote and printed: only what is known to be harmless.
    c.HTMLExporter.preprocessors = ["autograder.feedback.sanitise.SafeNotebook"]
    c.HTMLExporter.filters = {
        "clean_html": "autograder.feedback.sanitise.clean",
        "markdown2html": "autograder.feedback.sanitise.markdown_to_html",
        "ansi2html": "autograder.feedback.sanitise.ansi_to_html",
    }
    c.HTMLExporter.sanitize_html = True
