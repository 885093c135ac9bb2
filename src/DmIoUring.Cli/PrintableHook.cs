using Spectre.Console.Rendering;

namespace DmIoUring.Cli;

/// <summary>Lets no control character of a text through to the console, whoever drew it; the console's own codes pass.</summary>
/// <param name="unicode">Whether the console shows more than ASCII.</param>
internal sealed class PrintableHook(bool unicode) : IRenderHook
{
    public IEnumerable<IRenderable> Process(RenderOptions options, IEnumerable<IRenderable> renderables) =>
        renderables.Select(renderable => new Checked(renderable, unicode));

    private sealed class Checked(IRenderable inner, bool unicode) : IRenderable
    {
        public Measurement Measure(RenderOptions options, int maxWidth) => inner.Measure(options, maxWidth);

        public IEnumerable<Segment> Render(RenderOptions options, int maxWidth) => inner.Render(options, maxWidth).Select(Check);

        private Segment Check(Segment segment)
        {
            if (segment.IsControlCode || segment.IsLineBreak)
                return segment;
            string text = Printable.Of(segment.Text);
            if (!unicode)
                text = text.Replace('µ', 'u');
            return ReferenceEquals(text, segment.Text) ? segment : new Segment(text, segment.Style);
        }
    }
}
