namespace DmIoUring.Interop;

/// <summary>Memory files and their seals: include/uapi/linux/memfd.h and fcntl.h.</summary>
internal static class MemfdAbi
{
    public const uint MFD_CLOEXEC = 0x1;
    public const uint MFD_ALLOW_SEALING = 0x2;
    public const int F_ADD_SEALS = 1033;
    public const int F_SEAL_GROW = 0x4;
}
