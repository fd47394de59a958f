"""Users and groups, from the mixins that django-scim2 brings."""

from django.contrib.auth.models import AbstractUser
from django.db import models
from django_scim.models import AbstractSCIMGroupMixin, AbstractSCIMUserMixin


class Group(AbstractSCIMGroupMixin):
    """A group whose name is unique."""

    name = models.CharField(max_length=150, unique=True)


class User(AbstractSCIMUserMixin, AbstractUser):
    """A user of Django's own kind, with SCIM groups."""

    scim_groups = models.ManyToManyField(Group, related_name="user_set")
