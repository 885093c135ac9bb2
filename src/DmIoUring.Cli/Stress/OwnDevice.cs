using DmIoUring.ScratchDevices;

namespace DmIoUring.Cli.Stress;

/// <summary>A device that the run has made and can break. Disposing it removes it.</summary>
/// <param name="path">Where it is opened.</param>
/// <param name="description">For a person.</param>
/// <param name="owner">What is to be disposed.</param>
/// <param name="ways">How it can be broken, once it is a leg of a run.</param>
internal sealed class OwnDevice(
    string path, string description, IDisposable owner, Func<StressLeg, ulong, IReadOnlyList<IBreakable>> ways) : IDisposable
{
    public string Path { get; } = path;

    public string Description { get; } = description;

    public static OwnDevice File(long size)
    {
        ScratchFile file = ScratchFile.Create(size);
        return new OwnDevice(file.Path, "temporary file", file, (_, _) => []);
    }

    public static OwnDevice Loop(long size, int blockSize)
    {
        LoopDevice loop = LoopDevice.Create(size, new LoopDeviceOptions { BlockSize = blockSize });
        return new OwnDevice(
            loop.Path,
            FormattableString.Invariant($"loop device over a temporary file, blocks of {blockSize}"),
            loop,
            (leg, _) => [new ReadOnlyFault(loop), new Shrinking(loop, leg)]);
    }

    /// <summary>A device whose medium this process serves, and so can spoil where it likes.</summary>
    public static OwnDevice FaultyLoop(int size, int blockSize)
    {
        FaultFile medium = FaultFile.Create(size, new FaultFileOptions { Logs = false, Volatile = true });
        try
        {
            // Merged requests of several operations would fail together, in sectors that nothing is wrong with.
            LoopDevice loop = LoopDevice.Over(medium.Path, new LoopDeviceOptions { BlockSize = blockSize, Merges = false });
            return new OwnDevice(
                loop.Path,
                FormattableString.Invariant($"loop device over a file in memory with faults, blocks of {blockSize}"),
                new MediumUnderLoop(medium, loop),
                (leg, seed) => [new BadMedium(medium, leg), new BadMedium(medium, leg), new ReadOnlyFault(loop), new PowerCuts(medium, leg, seed)]);
        }
        catch
        {
            medium.Dispose();
            throw;
        }
    }

    public IReadOnlyList<IBreakable> WaysToBreak(StressLeg leg, ulong seed) => ways(leg, seed);

    public void Dispose() => owner.Dispose();
}
