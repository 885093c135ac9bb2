using System.Globalization;
using Microsoft.Win32.SafeHandles;

namespace DmIoUring.ScratchDevices;

/// <summary>
/// A file in memory that a program without any privilege can make fail: <see cref="Shrink"/> takes its tail away for
/// good, and the kernel refuses every write there with EPERM (F_SEAL_GROW). It has no name and ends with the process.
/// </summary>
public sealed class SealedFile : IDisposable
{
    private readonly SafeFileHandle _handle;

    private SealedFile(SafeFileHandle handle)
    {
        _handle = handle;
        Path = string.Create(CultureInfo.InvariantCulture, $"/proc/self/fd/{(int)handle.DangerousGetHandle()}");
    }

    /// <summary>A path that this process can open it by.</summary>
    public string Path { get; }

    /// <summary>Makes a file of zeroes.</summary>
    /// <param name="size">Bytes.</param>
    /// <returns>The file.</returns>
    /// <exception cref="IOException">The kernel refused.</exception>
    public static SealedFile Create(long size) => new(MemoryFile.Create(size));

    /// <summary>Cuts the file, and seals it so that it never grows again. Whoever opened it before still believes in its old size.</summary>
    /// <param name="size">Bytes.</param>
    /// <exception cref="IOException">The kernel refused.</exception>
    public void Shrink(long size) => MemoryFile.ShrinkForGood(_handle, size);

    /// <summary>Frees the memory when nobody else has the file open.</summary>
    public void Dispose() => _handle.Dispose();
}
