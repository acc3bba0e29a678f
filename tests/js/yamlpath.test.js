// Where in an object a line of YAML is.
import assert from "node:assert/strict"
import {test} from "node:test"
import {pathAt} from "../../static/js/yamlpath.js"

const TEXT = `# web
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
spec:
  template:
    metadata:
      labels:
        app.kubernetes.io/name: web
    spec:
      containers:
        - name: app
          image: nginx # 1.27
          ports:
          - containerPort: 80
            protocol: TCP

      restartPolicy: Always
      "quoted": yes
---
kind: 'Service'
spec:
  selector: # of the pods
    app: web
  ports:
    - - deep: 1
---
spec:
  replicas: 1`

/** The number of the line that begins so. */
const at = (start) => TEXT.split("\n").findIndex((line) => line.trim().startsWith(start)) + 1
const path = (start) => pathAt(TEXT, at(start), true)

test("a key at the margin is its own path", () => {
  assert.deepEqual(path("kind: Deployment"), {kind: "Deployment", path: "kind"})
  assert.deepEqual(path("spec:"), {kind: "Deployment", path: "spec"})
})

test("a key within others has theirs before it", () => {
  assert.equal(path("name: web").path, "metadata.name")
  assert.equal(path("labels").path, "spec.template.metadata.labels")
  assert.equal(path("app.kubernetes.io/name").path, "spec.template.metadata.labels.app.kubernetes.io/name")
})

test("items of lists are passed through, whether indented or not", () => {
  assert.equal(path("- name: app").path, "spec.template.spec.containers.name")
  assert.equal(path("image").path, "spec.template.spec.containers.image")
  assert.equal(path("- containerPort").path, "spec.template.spec.containers.ports.containerPort")
  assert.equal(path("protocol").path, "spec.template.spec.containers.ports.protocol")
  assert.equal(path("- - deep").path, "spec.ports.deep")
})

test("after a list one is where one was before", () => {
  assert.equal(path("restartPolicy").path, "spec.template.spec.restartPolicy")
  assert.equal(path('"quoted"').path, "spec.template.spec.quoted")
})

test("without itself it is what the line stands in", () => {
  assert.equal(pathAt(TEXT, at("image"), false).path, "spec.template.spec.containers")
  assert.equal(pathAt(TEXT, at("kind: Deployment"), false).path, "")
})

test("a comment does not close what a key opens", () => {
  assert.deepEqual(path("app: web"), {kind: "Service", path: "spec.selector.app"})
})

test("each document has a kind of its own, or none", () => {
  assert.equal(path("kind: 'Service'").kind, "Service")
  assert.deepEqual(path("replicas"), {kind: "", path: "spec.replicas"})
  assert.equal(path("apiVersion").kind, "Deployment")
  assert.equal(pathAt("spec:\n  a: 1\n---\nkind: Pod", 2, true).kind, "", "that of the next is not its own")
})

test("a line without a key is where its indentation says", () => {
  const text = "kind: Pod\nspec:\n  containers:\n    - name: a\n      \n  "
  assert.deepEqual(pathAt(text, 5, true), {kind: "Pod", path: "spec.containers"})
  assert.equal(pathAt(text, 6, true).path, "spec")
  assert.equal(pathAt(text, 6, false).path, "spec")
})

test("nothing of another document is above", () => {
  assert.equal(pathAt("a:\n---\n  b: 1", 3, true).path, "b")
})

test("a word that is no key yet stands where it begins", () => {
  assert.equal(pathAt("spec:\n  containers:\n  restart", 3, true).path, "spec")
  assert.equal(pathAt("spec:\n  a:b", 2, true).path, "spec", "a colon without a space makes no key")
})

test("a value that looks like a key opens nothing", () => {
  assert.equal(pathAt("spec:\n  image: nginx\n    tag: x", 3, true).path, "spec.tag")
  assert.equal(pathAt("a: http://x\n  b: 1", 2, true).path, "b")
})
