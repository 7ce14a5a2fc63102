"""Unhandled errors go to Sentry, with the id of the request."""

from framework import request


def connect_sentry(app, **options):
    """Connect an application.

    :param options: What ``sentry_sdk.init`` takes, such as ``dsn``.
    """
    import sentry_sdk  # it changes the standard library, so only where it is used
    from sentry_sdk.integrations.logging import LoggingIntegration

    sentry_sdk.init(integrations=[LoggingIntegration(event_level=None)], **options)

    @app.report_error
    def report(error):
        with sentry_sdk.new_scope() as scope:
            scope.set_tag("request_id", request.request_id)
            scope.set_transaction_name(f"{request.method} {request.url_rule}")
            sentry_sdk.capture_exception(error)
