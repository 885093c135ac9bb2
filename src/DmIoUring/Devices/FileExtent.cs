using System.Globalization;

namespace DmIoUring;

/// <summary>A part of a file that holds data, or a hole: a part that takes no space and reads as zeroes (<see cref="BlockDevice.FindExtent"/>).</summary>
/// <param name="Sector">Its first sector, in units of 512 bytes.</param>
/// <param name="Count">How many sectors.</param>
/// <param name="IsHole">Whether it is a hole. A part that is no hole may be zeroes all the same.</param>
public readonly record struct FileExtent(long Sector, long Count, bool IsHole)
{
    /// <summary>Human-readable: <c>hole 8+2040</c>.</summary>
    /// <returns>One line.</returns>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{(IsHole ? "hole" : "data")} {Sector}+{Count}");
}
