using System.Globalization;
using System.Runtime.InteropServices;

namespace DmIoUring.Diagnostics;

/// <summary>The processors that the library's view of the kernel is right for.</summary>
/// <remarks>On others a system call has another number, a flag another value, or a word its bytes in another order.</remarks>
internal static class SupportedProcessor
{
    /// <summary>Refuses any other.</summary>
    /// <exception cref="PlatformNotSupportedException">This process runs on another processor.</exception>
    public static void Require() => Require(RuntimeInformation.ProcessArchitecture);

    internal static void Require(Architecture processor)
    {
        if (processor is not (Architecture.X64 or Architecture.Arm64))
        {
            throw new PlatformNotSupportedException(string.Create(
                CultureInfo.InvariantCulture, $"This process runs on {processor}; DmIoUring runs on X64 and Arm64 only. Run it as a 64-bit process on one of those."));
        }
    }
}
