using Spectre.Console.Rendering;

namespace DmIoUring.Cli;

/// <summary>Lets no control character of a text through to the console, whoever drew it; the console's own codes pass.</summary>
internal sealed class PrintableHook : IRenderHook
{
    public IEnumerable<IRenderable> Process(RenderOptions options, IEnumerable<IRenderable> renderables) =>
        renderables.Select(static renderable => new Checked(renderable));

    private sealed class Checked(IRenderable inner) : IRenderable
    {
        public Measurement Measure(RenderOptions options, int maxWidth) => inner.Measure(options, maxWidth);

        public IEnumerable<Segment> Render(RenderOptions options, int maxWidth) => inner.Render(options, maxWidth).Select(Check);

        private static Segment Check(Segment segment)
        {
            if (segment.IsControlCode || segment.IsLineBreak)
                return segment;
            string text = Printable.Of(segment.Text);
            return ReferenceEquals(text, segment.Text) ? segment : new Segment(text, segment.Style);
        }
    }
}
