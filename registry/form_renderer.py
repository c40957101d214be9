"""Who draws forms. A person's page has two hundred templates of inputs, labels and errors on it; Jinja2 draws them several times faster."""

from django.forms.renderers import Jinja2
from django.template.loader import get_template


class FormRenderer(Jinja2):
    """Django's own form templates in their Jinja2 edition; those that exist for Django's engine alone, as the admin's, by that one."""

    def get_template(self, template_name):
        if template_name.startswith("django/forms/"):
            return super().get_template(template_name)
        return get_template(template_name)
