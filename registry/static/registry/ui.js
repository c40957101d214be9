'use strict';
document.addEventListener('DOMContentLoaded', () => {
    const each = (selector, act) => document.querySelectorAll(selector).forEach(act);

    // A choice made with the arrow keys must not leave the page by itself: it shows the button instead.
    each('select[data-autosubmit]', (select) => {
        let byKeyboard = false;
        select.addEventListener('keydown', () => { byKeyboard = true; });
        select.addEventListener('pointerdown', () => { byKeyboard = false; });
        select.addEventListener('change', () => {
            if (byKeyboard) {
                select.form.classList.add('by-keyboard');
            } else {
                select.form.requestSubmit();
            }
        });
    });

    const search = document.getElementById('people-search');
    document.addEventListener('keydown', (event) => {
        if (event.key === 'Escape') {
            each('details.menu[open]', (menu) => {
                menu.open = false;
                menu.querySelector('summary').focus();
            });
            showNav(false);
        }
        const typing = event.target.closest && event.target.closest('input, textarea, select, [contenteditable]');
        if (event.key === '/' && search && !typing && !event.ctrlKey && !event.metaKey && !event.altKey) {
            event.preventDefault();
            search.focus();
            search.select();
        }
    });
    document.addEventListener('click', (event) => {
        each('details.menu[open]', (menu) => {
            if (!menu.contains(event.target)) {
                menu.open = false;
            }
        });
    });

    const navButton = document.getElementById('nav-button');
    function showNav(shown) {
        if (navButton) {
            document.body.classList.toggle('nav-shown', shown);
            navButton.setAttribute('aria-expanded', String(shown));
        }
    }
    if (navButton) {
        navButton.addEventListener('click', () => showNav(!document.body.classList.contains('nav-shown')));
        document.getElementById('nav-shade').addEventListener('click', () => showNav(false));
    }

    // A long sidebar opens where one is.
    each('#nav-sidebar a[aria-current]', (here) => {
        const nav = document.getElementById('nav-sidebar');
        if (here.offsetTop > nav.clientHeight - 60) {
            nav.scrollTop = here.offsetTop - nav.clientHeight / 2;
        }
    });

    each('details[data-fold-when-narrow]', (filters) => {
        if (window.matchMedia('(max-width: 900px)').matches) {
            filters.open = false;
        }
    });

    // A blocker names a field, or the set of links that stands for it.
    each('a[data-field]', (link) => {
        const name = link.dataset.field;
        const place = document.getElementById(`id_${name}`) || document.getElementById(`${name}-group`) ||
            document.querySelector(`.field-${CSS.escape(name)}`);
        if (!place) {
            link.removeAttribute('href');
            return;
        }
        link.addEventListener('click', (event) => {
            event.preventDefault();
            const folded = place.closest('details:not([open])');
            if (folded) {
                folded.open = true;
            }
            place.scrollIntoView({block: 'center'});
            (place.matches('input, select, textarea') ? place : place.querySelector('input:not([type=hidden]), select, textarea, a') || place).focus();
        });
    });

    each('input[data-checks]', (all) => {
        all.addEventListener('change', () => each(all.dataset.checks, (box) => { box.checked = all.checked; }));
    });

    each('button[data-print]', (button) => {
        button.hidden = false;
        button.addEventListener('click', () => window.print());
    });

    // Django names neither the halves of a moment nor select2's boxes for those who cannot see them.
    const labelOf = (control) => {
        const own = control.labels && control.labels[0];
        const near = own || (control.closest('.flex-container, td') || document).querySelector('label');
        return near ? near.textContent.trim() : '';
    };
    function nameControls() {
        each('p.datetime input:not([aria-label])', (half) => {
            const text = half.previousSibling ? half.previousSibling.textContent.trim() : '';
            half.setAttribute('aria-label', `${labelOf(half)} ${text}`.trim());
        });
        each('select.admin-autocomplete', (select) => {
            const box = select.nextElementSibling && select.nextElementSibling.querySelector('[role=combobox]');
            if (box) {
                each(`#${CSS.escape(box.getAttribute('aria-labelledby') || 'none')}`, (chosen) => {
                    chosen.setAttribute('aria-label', `${labelOf(select)} ${chosen.textContent.trim()}`.trim());
                });
            }
        });
    }
    nameControls();
    if (window.django && window.django.jQuery) {
        window.django.jQuery(nameControls);  // after select2 has drawn its boxes
    }
    document.addEventListener('formset:added', () => setTimeout(nameControls));
});
