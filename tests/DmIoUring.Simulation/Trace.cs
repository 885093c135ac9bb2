using System.Globalization;
using System.Runtime.CompilerServices;

namespace DmIoUring.Simulation;

/// <summary>Every step of a run, for a person. Costs nothing while nobody reads it.</summary>
internal sealed class Trace(TextWriter? writer)
{
    /// <summary>The virtual time that lines are stamped with.</summary>
    public Func<long> Clock { get; set; } = static () => 0;

    public bool IsOn => writer is not null;

    public void Write([InterpolatedStringHandlerArgument("")] TraceLine line) => Write(line.ToString());

    public void Write(string line) =>
        writer?.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{Clock() / 1e6,14:F6} ms  {line}"));
}
