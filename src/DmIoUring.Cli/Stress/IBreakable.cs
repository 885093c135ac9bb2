namespace DmIoUring.Cli.Stress;

/// <summary>One way to break one device. One thread breaks and mends it, while others use the device.</summary>
internal interface IBreakable
{
    /// <summary>Breaks the device; where and how much comes from the seed.</summary>
    /// <returns>What is wrong with it now.</returns>
    IFault Break(ref SeededSequence random);
}
