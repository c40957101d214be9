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
            letSend();
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

    // A blocker or an error names a field, or the set of links that stands for it.
    const INPUTS = 'input:not([type=hidden]), select, textarea';
    const placeOf = (link) => {
        const name = link.dataset.field;
        return document.getElementById(link.hash.slice(1)) || (name && (document.getElementById(`${name}-group`) ||
            document.querySelector(`.field-${CSS.escape(name)}`)));
    };
    function goTo(place) {
        const folded = place.closest('details:not([open])');
        if (folded) {
            folded.open = true;
        }
        place.scrollIntoView({block: 'center'});
        (place.matches(INPUTS) ? place : place.querySelector(`${INPUTS}, a`) || place).focus();
    }
    each('a[data-field]', (link) => {
        if (!placeOf(link)) {
            link.removeAttribute('href');
        }
        link.addEventListener('click', (event) => {
            const place = placeOf(link);
            if (place) {
                event.preventDefault();
                goTo(place);
            }
        });
    });
    each('[data-focus]', (refusal) => {
        const first = refusal.querySelector('a[href]') || refusal;
        window.addEventListener('load', () => setTimeout(() => {
            first.focus({preventScroll: true});
            refusal.scrollIntoView({block: 'center'});
        }));
    });

    // What is on its way is not sent a second time by another click: it would be recorded twice. Whoever stops it, or comes back to
    // the page, sends it again.
    const SENT_SECONDS = 60;
    let released = 0;
    function letSend() {
        clearTimeout(released);
        each('form[data-once]', (form) => form.removeAttribute('aria-busy'));
    }
    each('form[data-once]', (form) => form.addEventListener('submit', (event) => {
        if (form.hasAttribute('aria-busy')) {
            event.preventDefault();
        } else if (!event.defaultPrevented) {
            form.setAttribute('aria-busy', 'true');
            clearTimeout(released);
            released = setTimeout(letSend, SENT_SECONDS * 1000);
        }
    }));
    window.addEventListener('pageshow', (event) => event.persisted && letSend());

    each('input[data-checks]', (all) => {
        all.addEventListener('change', () => each(all.dataset.checks, (box) => { box.checked = all.checked; }));
    });

    each('button[data-print]', (button) => {
        button.hidden = false;
        button.addEventListener('click', () => window.print());
    });

    // Django does not name the halves of a moment for those who cannot see them.
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
    }
    nameControls();
    document.addEventListener('formset:added', () => setTimeout(nameControls));
});
