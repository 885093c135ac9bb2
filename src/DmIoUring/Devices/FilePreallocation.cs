namespace DmIoUring;

/// <summary>What is done for the part that <see cref="BlockDeviceOptions.Length"/> adds to a file.</summary>
public enum FilePreallocation
{
    /// <summary>Nothing: it is a hole, which reads as zeroes. The first write of each block there allocates it, and may fail for lack of space.</summary>
    None,

    /// <summary>
    /// Its space is allocated (fallocate): no write there fails for lack of space. The first write of each block still changes the file system's records,
    /// for which the kernel hands an io_uring entry to a worker thread.
    /// </summary>
    Space,

    /// <summary>
    /// Its space is allocated and written with zeroes, so that later writes change nothing but data: direct writes are then carried out without a worker.
    /// It takes as long as writing the file once.
    /// </summary>
    Written,
}
