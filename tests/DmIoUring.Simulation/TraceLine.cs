using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text;

namespace DmIoUring.Simulation;

/// <summary>A line that is put together only when somebody reads the trace.</summary>
[InterpolatedStringHandler]
internal readonly ref struct TraceLine
{
    private readonly StringBuilder? _text;

    public TraceLine(int literalLength, int formattedCount, Trace trace, out bool isOn)
    {
        isOn = trace.IsOn;
        _text = isOn ? new StringBuilder(literalLength + (formattedCount * 16)) : null;
    }

    public override string ToString() => _text?.ToString() ?? "";

    public void AppendLiteral(string value) => _text!.Append(value);

    public void AppendFormatted<T>(T value) => _text!.Append(CultureInfo.InvariantCulture, $"{value}");

    public void AppendFormatted<T>(T value, string format)
        where T : IFormattable => _text!.Append(value.ToString(format, CultureInfo.InvariantCulture));
}
