using System.Globalization;

namespace DmIoUring.Cli;

/// <summary>One bit a region.</summary>
/// <param name="Bits">As a number; exact to 2^53 where a reader's numbers are doubles, and always in the text.</param>
/// <param name="Text">As wide as there are regions, region 0 on the right: <c>0b010</c>.</param>
internal sealed record RegionBitsReport(ulong Bits, string Text)
{
    public static RegionBitsReport Of(RegionBits bits, int regions) =>
        new(bits.Value, "0b" + bits.Value.ToString("b", CultureInfo.InvariantCulture).PadLeft(regions, '0'));
}
