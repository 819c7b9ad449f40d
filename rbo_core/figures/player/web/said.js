// The page's sentence under the picture, while another radius is looked at: it is lent, and given back as it was.

export class Said {
  say(html) {
    if (!this.lent?.element.isConnected) {
      const element = document.querySelector(".lab-said");
      if (!element) return;
      this.lent = { element, html: element.innerHTML };
    }
    if (this.lent.shown === html) return;
    this.lent.element.innerHTML = html;
    this.lent.shown = html;
    this.lent.now = this.lent.element.innerHTML;
  }

  // A new sentence of the page's own stays.
  restore() {
    const { lent } = this;
    this.lent = null;
    if (lent?.element.isConnected && lent.element.innerHTML === lent.now) lent.element.innerHTML = lent.html;
  }
}
