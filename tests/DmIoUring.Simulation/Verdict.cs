using System.Diagnostics.CodeAnalysis;

namespace DmIoUring.Simulation;

/// <summary>What a run is found guilty of first. An engine may swallow an exception that a callback throws, so it is kept here too.</summary>
internal sealed class Verdict(Trace trace)
{
    public string? Violation { get; private set; }

    [DoesNotReturn]
    public void Fail(FormattableString what)
    {
        string text = what.ToString(System.Globalization.CultureInfo.InvariantCulture);
        if (Violation is null)
            trace.Write("VIOLATION: " + text);
        Violation ??= text;
        throw new ViolationException(text);
    }

    public void ThrowIfFailed()
    {
        if (Violation is not null)
            throw new ViolationException(Violation);
    }
}
