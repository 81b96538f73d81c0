export default {
  serverExternalPackages: ["artesian"], // Node loads the hub itself, once.
};
