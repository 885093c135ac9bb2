using System.Diagnostics;
using System.Text;

namespace DmIoUring.TestSupport;

/// <summary>What this process traces, whichever thread does. It may be read while others write, which a <see cref="StringWriter"/> may not.</summary>
internal sealed class TracedText : TraceListener
{
    private readonly StringBuilder _text = new();

    public string Text
    {
        get
        {
            lock (_text)
                return _text.ToString();
        }
    }

    public override bool IsThreadSafe => true;

    public override void Write(string? message)
    {
        lock (_text)
            _text.Append(message);
    }

    public override void WriteLine(string? message)
    {
        lock (_text)
            _text.Append(message).Append('\n');
    }
}
