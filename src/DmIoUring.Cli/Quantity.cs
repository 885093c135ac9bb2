using System.Globalization;

namespace DmIoUring.Cli;

/// <summary>Numbers as a person reads them; the same on every machine.</summary>
internal static class Quantity
{
    private const double Mebi = 1 << 20;

    public static string Bytes(long bytes) => bytes switch
    {
        < 1 << 10 => Format($"{bytes} B"),
        < 1 << 20 => Format($"{bytes / 1024.0:0.##} KiB"),
        < 1 << 30 => Format($"{bytes / Mebi:0.##} MiB"),
        < 1L << 40 => Format($"{bytes / Mebi / 1024:0.##} GiB"),
        _ => Format($"{bytes / Mebi / 1024 / 1024:0.##} TiB"),
    };

    /// <summary>Bytes exactly, and rounded where that helps.</summary>
    public static string Exact(long bytes) => bytes < 1 << 10 ? Bytes(bytes) : Format($"{bytes} bytes ({Bytes(bytes)})");

    public static string Number(long value) => Format($"{value:#,0}");

    public static string Rate(double bytesPerSecond) => Format($"{bytesPerSecond / Mebi:#,0} MiB/s");

    public static string Microseconds(double value) => value < 1000 ? Format($"{value:0.0} µs") : Format($"{value / 1000:0.00} ms");

    public static string Count(long count, string noun) => count == 1 ? $"1 {noun}" : $"{Number(count)} {noun}s";

    private static string Format(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
