using DmIoUring.Interop;

namespace DmIoUring.Native.Errors;

/// <summary>What a synchronous call returns for a result.</summary>
internal static class ResultErrno
{
    /// <summary>0, EIO where a region failed, EOPNOTSUPP where some are unsupported only.</summary>
    public static int Of(in IoResult result) => !result.Failed.IsEmpty ? Errno.EIO : result.Unsupported.IsEmpty ? 0 : Errno.EOPNOTSUPP;
}
