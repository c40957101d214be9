'use strict';
// The part of an import's page that moves is looked at every second; another phase or the end is another page.
document.addEventListener('DOMContentLoaded', () => {
    const shown = document.getElementById('progress');
    const said = document.getElementById('progress-said');
    if (!shown) {
        return;
    }
    const LOOK = 1000, LONGEST = 10000, SPOKEN_EVERY = 15000, SPOKEN_STEP = 10;
    let wait = LOOK, spokenAt = Date.now(), spoken = Number(shown.dataset.percent);

    function say(fresh) {
        const percent = Number(fresh.dataset.percent);
        if (percent - spoken >= SPOKEN_STEP || Date.now() - spokenAt >= SPOKEN_EVERY) {
            spoken = percent;
            spokenAt = Date.now();
            said.textContent = fresh.textContent.trim();
        }
    }

    async function look() {
        try {
            const answer = await fetch(shown.dataset.url, {credentials: 'same-origin', cache: 'no-store'});
            if (answer.redirected || answer.status === 403 || answer.status === 404) {
                location.reload();
                return;
            }
            if (answer.ok) {
                const page = new DOMParser().parseFromString(await answer.text(), 'text/html');
                const fresh = page.getElementById('progress');
                if (!fresh || fresh.dataset.phase !== shown.dataset.phase) {
                    location.reload();
                    return;
                }
                shown.replaceChildren(...fresh.childNodes);
                shown.dataset.url = fresh.dataset.url;
                shown.dataset.percent = fresh.dataset.percent;
                const counts = document.getElementById('counts'), counted = page.getElementById('counts');
                if (counts && counted) {
                    counts.replaceWith(counted);
                }
                say(shown);
            }
            wait = answer.ok ? LOOK : Math.min(wait * 2, LONGEST);
        } catch {
            wait = Math.min(wait * 2, LONGEST);
        }
        setTimeout(look, wait);
    }
    setTimeout(look, wait);
});
