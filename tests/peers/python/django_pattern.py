"""django-oauth-toolkit's token view and protected resources, in the shape of Pattern's page; a database of its own."""

import os

import django
from django.conf import settings

settings.configure(
    SECRET_KEY="of-a-test-server-on-loopback", ALLOWED_HOSTS=["*"], ROOT_URLCONF=__name__, USE_TZ=True,
    INSTALLED_APPS=["django.contrib.auth", "django.contrib.contenttypes", "oauth2_provider"],
    MIDDLEWARE=["django.middleware.common.CommonMiddleware"],
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": os.environ["PEER_FOLDER"] + "/db.sqlite3"}},
    DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
    # The library's own default is 36000, ten hours: more than is waited for.
    OAUTH2_PROVIDER={"ACCESS_TOKEN_EXPIRE_SECONDS": 3600},
)
django.setup()

from django.core.management import call_command  # noqa: E402
from django.core.wsgi import get_wsgi_application  # noqa: E402
from django.http import JsonResponse  # noqa: E402
from django.urls import path  # noqa: E402
from groups import BARRED, CLIENTS, answer  # noqa: E402
from oauth2_provider.models import get_application_model  # noqa: E402
from oauth2_provider.views import ProtectedResourceView, TokenView  # noqa: E402

call_command("migrate", verbosity=0)
Application = get_application_model()
for name, secret in CLIENTS.items():
    grant = Application.GRANT_AUTHORIZATION_CODE if name == BARRED else Application.GRANT_CLIENT_CREDENTIALS
    Application.objects.create(
        name=name, client_id=name, client_secret=secret, hash_client_secret=False,
        client_type=Application.CLIENT_CONFIDENTIAL, authorization_grant_type=grant, redirect_uris="https://app.example.org/" if name == BARRED else "")


class Entry(ProtectedResourceView):
    def get(self, request, **_):
        status, body = answer(request.method, request.build_absolute_uri())
        return JsonResponse(body, status=status)


class List(Entry):
    post = Entry.get


urlpatterns = [
    path("api/auth/token", TokenView.as_view()),
    path("api/v1/groups/<str:group>/<str:kind>", List.as_view()),
    path("api/v1/groups/<str:group>/<str:kind>/<str:id>", Entry.as_view()),
]
app = get_wsgi_application()
