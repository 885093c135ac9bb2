namespace DmIoUring.Cli;

/// <summary>What a terminal is like, where it is not asked.</summary>
/// <param name="Unicode">Whether it shows more than ASCII.</param>
/// <param name="Width">Its columns; null for as many as it has, or as a file takes.</param>
/// <param name="Colours">Whether it has colours.</param>
internal sealed record TerminalLook(bool Unicode = true, int? Width = null, bool Colours = false)
{
    /// <summary>As the process's environment says.</summary>
    public static TerminalLook OfProcess() => new(Locale.IsUtf8(Environment.GetEnvironmentVariable));
}
