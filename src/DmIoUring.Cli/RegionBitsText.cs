using System.Globalization;

namespace DmIoUring.Cli;

/// <summary>Bits as wide as there are regions, region 0 on the right: <c>0b010</c>.</summary>
internal static class RegionBitsText
{
    public static string Of(RegionBits bits, int regions) =>
        "0b" + bits.Value.ToString("b", CultureInfo.InvariantCulture).PadLeft(regions, '0');
}
