"""Django REST framework: a ``ModelSerializer`` and a ``ModelViewSet``."""

from __future__ import annotations

import typing as t

import django
from django.conf import settings


def make(path: str) -> t.Any:
    """Return the application. A process has one.

    :param path: The file of the database.
    """
    settings.configure(
        ALLOWED_HOSTS=["*"],
        DATABASES={
            "default": {
                "ENGINE": "django.db.backends.sqlite3",
                "NAME": path,
                "ATOMIC_REQUESTS": True,
                "CONN_MAX_AGE": None,
            }
        },
        INSTALLED_APPS=["rest_framework"],
        MIDDLEWARE=[],
        REST_FRAMEWORK={
            "DEFAULT_AUTHENTICATION_CLASSES": [],
            "DEFAULT_PERMISSION_CLASSES": [],
            "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
            "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
            "UNAUTHENTICATED_USER": None,
        },
        ROOT_URLCONF=__name__,
        USE_TZ=True,
    )
    django.setup()
    _add_urls()
    from django.core.handlers.wsgi import WSGIHandler

    return WSGIHandler()


urlpatterns: list[t.Any] = []


def _add_urls() -> None:
    """Define the model, which needs the settings."""
    from django.db import models
    from rest_framework import pagination, routers, serializers, viewsets
    from rest_framework.response import Response

    from .crud_ours import COLUMNS

    class Entry(models.Model):
        name = models.CharField(max_length=50)
        amount = models.IntegerField()
        price = models.DecimalField(max_digits=10, decimal_places=2)
        is_open = models.BooleanField()

        class Meta:
            app_label = "benchmarks"
            db_table = "entries"
            managed = False

    class EntrySerializer(serializers.ModelSerializer):
        class Meta:
            model = Entry
            fields = COLUMNS

    class EntryPage(pagination.PageNumberPagination):
        page_size = 10
        page_size_query_param = "page_size"
        max_page_size = 100

        def get_paginated_response(self, data: t.Any) -> Response:
            return Response(data, headers={"X-Total": str(self.page.paginator.count)})

    class EntryViewSet(viewsets.ModelViewSet):
        queryset = Entry.objects.order_by("id")
        serializer_class = EntrySerializer
        pagination_class = EntryPage

        def get_success_headers(self, data: t.Any) -> dict[str, str]:
            return {"Location": f"/entries/{data['id']}"}

    router = routers.SimpleRouter(trailing_slash=False)
    router.register("entries", EntryViewSet)
    urlpatterns[:] = router.urls
